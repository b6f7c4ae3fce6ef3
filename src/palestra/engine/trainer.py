"""The Trainer: the one loop. It steps any Learner to its budget and owns everything around the learning.

Logging, evaluation, the best model, checkpoints, resume, signals and progress live here and nowhere else.
What it records is a function of the configuration and the seed alone; wall-clock figures go to a table of their own.
It has more than 300 lines, since all of them read and write one state: what is true at a clock.
"""

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from palestra.engine import checkpoint, seeding
from palestra.engine.apart import of_the_others
from palestra.engine.callbacks import Callbacks, Watch
from palestra.engine.device import denormals_as_zero, keep_memory
from palestra.engine.progress import make_progress
from palestra.engine.rows import Rows
from palestra.engine.settings import TrainSettings
from palestra.engine.signals import GivenUp, StopRequest
from palestra.engine.soundness import Diverged, all_finite, go_on, unsound_weight
from palestra.engine.training import Ask, Ending, Rounds, Steps, TrainResult, at_once
from palestra.envs.misbehaviour import Misbehaviour
from palestra.measure import Evaluation, Measure, Metrics, better
from palestra.runs import checkpoints
from palestra.runs.store import Run

SECONDS_BETWEEN_NEWS = 10.0
"""Of the steps in the manifest, which lists of runs show; each costs two fsyncs."""
SECONDS_BETWEEN_COMMITS = 2.0
"""Of rows, for those who watch; a resume drops what its checkpoint has not."""


class Trainer:
    """Trains a learner, with or without a Run to record it.

    Where several processes train it, each has a Trainer, and rank 0 the run. They decide alike: what only one of them
    can know, a signal or the time, they tell each other.

    Args:
        learner: what to train.
        settings: how long, and what to record.
        run: where to record; None keeps nothing.
        callbacks: what watches it (``engine.callbacks``).
        progress: show progress on standard error.
        stop: what asks for a stop, where signals are not to ask it themselves.
    """

    def __init__(
        self, learner: Steps, settings: TrainSettings, run: Run | None = None, callbacks: Callbacks = (), *,
        progress: bool = False,
        stop: StopRequest | None = None,
    ):  # fmt: skip
        settings.check_target()
        self.learner = learner
        self.settings = settings
        self.run_record = run
        self.ranks = learner.ranks
        self._folder = self.ranks.same(str(run.path) if run else "")
        """Of the run, whoever of several writes it; empty without one."""
        self._shown = progress
        self._asked = stop
        self.best_score: float | None = None
        self.best_step: int | None = None
        self._rows = Rows(run)
        self._seconds_before = 0.0
        self._log_every = settings.log_every or max(1, settings.budget // 500)
        self._next_log = self._log_every
        self._next_eval = settings.eval_every
        self._resumed_from: int | None = None
        self._last_evaluated: int | None = None
        self._told = self._committed = time.monotonic()
        self._last_saved: int | None = None
        self._open: dict[str, Any] | None = None
        self._previous_saved: int | None = None
        self._watch = Watch(callbacks, settings, learner.direction)
        self._owes_evaluation = False
        self._stale = False
        """Whether the checkpoint of this clock was written before its evaluation."""
        self._began = time.monotonic()
        self._rate_from = (self._began, learner.clock)

    def run(self) -> TrainResult:
        """Train until the budget, the target or a signal; returns how it ended."""
        return at_once(self.rounds())

    def rounds(self) -> Rounds[TrainResult]:
        """The same with halts, so that several can go on together."""
        learner, settings = self.learner, self.settings
        self._reopen()
        learner.budget = settings.budget
        self._say_what_is_saved()
        name = self.run_record.id if self.run_record else learner.name
        progress = make_progress(self._shown, name, learner.clock, settings.budget, learner.clock_unit)
        self._began = last_save = time.monotonic()
        self._rate_from = (self._began, learner.clock)
        ending: Ending = "finished"
        keep_memory()
        try:
            if settings.tensorboard:
                self._rows.open_mirror(self._resumed_from)
            with self._watched() as stop, denormals_as_zero(), self._survival():
                if self._watch.target_met(self.best_score):
                    ending = "target"
                elif self._watch.stops:
                    ending = "stopped"
                while ending == "finished" and (
                    self._owes_evaluation or not (learner.finished or learner.clock >= settings.budget)
                ):
                    before = learner.clock
                    if not self._owes_evaluation:
                        done = yield Ask(learner)
                        metrics = done if isinstance(done, dict) else learner.step()
                        self._rows.gather(self._watch.after_step(self, self.ranks.means(metrics)))
                    if learner.clock >= self._next_log:
                        self._log()
                    improved = False
                    if settings.eval_every and learner.clock >= self._next_eval:
                        improved = yield from self._evaluate()
                    if self._shown:
                        progress.update(learner.clock, self._rows.headline(learner.headline))
                    if self._watch.target_met(self.best_score):
                        ending = "target"
                    elif self.ranks.same(self._watch.stops):
                        ending = "stopped"
                    elif learner.finished or learner.clock >= settings.budget:
                        break  # rows are still to come at this clock, so its checkpoint has to wait for them
                    elif self.ranks.highest(stop.signal or 0):
                        ending = "interrupted"
                    elif self._folder and self.ranks.same(
                        improved
                        or checkpoints.is_milestone(learner.clock, before, settings.keep_every)
                        or time.monotonic() - last_save >= settings.checkpoint_every
                    ):
                        self.save()
                        last_save = time.monotonic()
                    if stop.hold and ending == "finished":
                        last_save += self._stand_still(stop)
                if ending != "interrupted":
                    yield from self._close()
                if self._owes_evaluation:
                    ending = "interrupted"
                if self._folder:
                    self.save()
                signal = self.ranks.highest(stop.signal or 0) if ending == "interrupted" else None
                self.ranks.part()
            progress.update(learner.clock, self._rows.headline(learner.headline))
        finally:
            progress.close()
            self._rows.close()
        last = self._rows.last
        return TrainResult(ending, learner.clock, self._seconds(), last, self.best_score, self.best_step, signal)

    def _watched(self) -> StopRequest:
        """Signals end it in order where there is something to save; one of several processes says so."""
        return self._asked or StopRequest(enabled=bool(self._folder), silent=self.ranks.rank > 0)

    def _say_what_is_saved(self) -> None:
        """To be said where another process is gone, wherever that is noticed."""
        if self.ranks.size > 1:
            self.ranks.saved = go_on(self.learner, Path(self._folder))

    def _stand_still(self, stop: StopRequest) -> float:
        """Until somebody lets it go on, with every row until here on the disk; returns for how many seconds."""
        if self.run_record:
            self.run_record.metrics.commit()
            self._tell()
        since = time.monotonic()
        stop.stand_still()
        stood = time.monotonic() - since
        self._began += stood
        self._rate_from = (self._rate_from[0] + stood, self._rate_from[1])
        return stood

    @contextmanager
    def _survival(self) -> Iterator[None]:
        """Save the last whole step when the world misbehaves, and say how to go on."""
        try:
            yield
        except Misbehaviour as error:
            self._check_weights({}, always=True)  # else the world is blamed for the actions that it was given
            if self.run_record is None or self.ranks.size > 1:  # the others stand elsewhere in their step
                raise
            self.save()
            self._tell()
            raise Misbehaviour(f"{error}. {go_on(self.learner, self.run_record.path)}") from error

    def _check_weights(self, row: Metrics, *, always: bool = False) -> None:
        """Raise Diverged if weights are no numbers any more; looked for where a metric is none, or ``always``."""
        if always or not all_finite(row):
            weight = unsound_weight(self.learner)
            if weight is not None:
                self._tell()
                raise Diverged(self.learner, weight, row, self._last_saved)

    def _tell(self) -> None:
        """Say in the manifest where the training stands."""
        if self.run_record:
            self._told = time.monotonic()
            self.run_record.update_manifest(steps=self.learner.clock, seconds=round(self._seconds(), 3))

    def _log(self) -> None:
        """One row: the mean of each metric since the last row."""
        clock = self.learner.clock
        self._next_log = (clock // self._log_every + 1) * self._log_every
        row = self._rows.mean()
        if not row:
            return
        self._check_weights(row)
        self._rows.begin()
        now = time.monotonic()
        rate = (clock - self._rate_from[1]) / max(now - self._rate_from[0], 1e-9)
        self._rate_from = (now, clock)
        if self.run_record and now - self._committed >= SECONDS_BETWEEN_COMMITS:
            self._committed = now
            self.run_record.metrics.commit()  # before this row: an evaluation at this clock may still add to it
        self._rows.report(clock, row)
        if self.run_record:
            self.run_record.metrics.add_timing(clock, {"time/steps_per_second": rate, "time/seconds": self._seconds()})

    def _close(self) -> Rounds[None]:
        """The last rows, which may come before their time; what they close is kept for a training that goes further."""
        before = self._open or {**copy.deepcopy(self._state()), "written": []}
        self._rows.written = set(before["written"])
        self._log()
        if self.settings.eval_every and self._last_evaluated != self.learner.clock:
            yield from self._evaluate()
        if self._last_saved != self.learner.clock and not self._owes_evaluation:
            self._rows.report(self.learner.clock, self._watch.at_end(self))
        if self._rows.written:
            self._open = {**before, "written": sorted(self._rows.written)}

    def _evaluate(self) -> Rounds[bool]:
        """Evaluate with randomness of its own; True if it is the best so far.

        One that a signal ends is owed: nothing of it is kept, and a resume makes it good at the same clock.
        """
        learner, settings = self.learner, self.settings
        seed = seeding.derive(settings.seed, "evaluation", learner.clock)
        result = yield from self._measured(Measure(settings.eval_count, seed=seed, max_steps=settings.eval_max_steps))
        if result is None:
            self._owes_evaluation = True
            return False
        self._owes_evaluation, self._stale = False, self._last_saved == learner.clock
        self._next_eval = (learner.clock // settings.eval_every + 1) * settings.eval_every
        self._last_evaluated = learner.clock
        self._rows.forget("eval/")  # what was cut, say, is said of this evaluation only
        improved = better(result.score, self.best_score, learner.direction)
        if improved:
            self.best_score, self.best_step = result.score, learner.clock
        self._rows.report(learner.clock, {**result.metrics, **self._watch.after_evaluation(self, result, improved)})
        return improved

    def _measured(self, measure: Measure) -> Rounds[Evaluation | None]:
        """How good it is, by rank 0 for all; None where a signal ended it."""
        result = None
        if self.ranks.rank == 0:
            with suppress(GivenUp):
                done = yield Ask(self.learner, measure)
                result = done if isinstance(done, Evaluation) else self.learner.measured(measure)
        if self.ranks.size == 1:
            return result
        said = self.ranks.same(None if result is None else (float(result.score), result.metrics))
        if result is None and said is not None:
            result = Evaluation(said[0], torch.empty(0), said[1])
        return result

    def stop(self) -> None:
        """Stop after the present step, as callbacks do that return False."""
        self._watch.told_to_stop = True

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began

    def save(self) -> None:
        """Checkpoint: metrics are committed first, so that no checkpoint is ever ahead of its rows.

        It closes its clock: no row may be added at this clock any more, since a resume keeps what is there.
        """
        assert self._folder
        run, clock = self.run_record, self.learner.clock
        if self._last_saved != clock or self._stale:
            self._check_weights(self._rows.sums)
            others = of_the_others(self.learner)
            if run:
                self._write(run, others)
            self._say_what_is_saved()
            if self._last_saved != clock:
                self._previous_saved, self._last_saved = self._last_saved, clock
            self._stale = False
        if run is None:
            return
        keep = {clock, self._previous_saved, self.best_step, self._open["best_step"] if self._open else None}
        milestones = checkpoints.milestones(run.checkpoints, self.settings.keep_every)
        checkpoints.prune(run.checkpoints, {step for step in keep if step is not None} | milestones)

    def _write(self, run: Run, others: list[dict[str, Any]]) -> None:
        """The checkpoint itself, with what other processes have of their own."""
        self._rows.flush()
        checkpoint.save(
            self.learner, run.checkpoints, trainer=self._state(), others=others, seconds=self._seconds(),
            best_step=self.best_step, best_score=self.best_score,
        )  # fmt: skip
        if time.monotonic() - self._told >= SECONDS_BETWEEN_NEWS:
            self._tell()

    def _state(self) -> dict[str, Any]:
        return {
            **self._rows.state_dict(),
            "next_log": self._next_log,
            "next_eval": self._next_eval,
            "last_evaluated": self._last_evaluated,
            "best_score": self.best_score,
            "best_step": self.best_step,
            "watch": self._watch.state_dict(),
            "open": self._open,
        }

    def _restore(self, state: dict[str, Any]) -> list[str]:
        """Stand where a state was taken; returns a line for each thing that is not exact."""
        self._rows.load_state_dict(state)
        self._next_log, self._next_eval = state["next_log"], state["next_eval"]
        self._last_evaluated = state["last_evaluated"]
        self.best_score, self.best_step = state["best_score"], state["best_step"]
        self._open = state.get("open")
        return self._watch.load_state_dict(state["watch"]) if "watch" in state else []

    def _reopen(self) -> None:
        """Take the last rows back where more is to come: what they closed early goes on."""
        learner, was = self.learner, self._open
        if was is None or learner.finished or learner.clock >= self.settings.budget:
            return
        then = Watch((), self.settings, learner.direction)
        then.load_state_dict({**was["watch"], "callbacks": [], "states": []})
        if self._folder and not (then.stops or then.target_met(was["best_score"])):
            if self.run_record:
                self.run_record.metrics.retract(learner.clock, was["written"])
            self._restore(was)

    def resume(self) -> list[str]:
        """Continue from the newest checkpoint that verifies; returns a line for each thing worth saying.

        Metric rows beyond the checkpoint are dropped: training will write them again, the same.
        """
        assert self._folder
        run, folder = self.run_record, Path(self._folder) / "checkpoints"
        if not self.ranks.same(bool(checkpoints.steps(folder))):
            self._resumed_from = -1
            if run:
                run.metrics.truncate_after(-1)
            return ["no checkpoint yet: starting from the beginning"]
        loaded, notes = self._loaded(folder)
        trainer = loaded.state["trainer"]
        notes += self._restore(trainer)
        self._seconds_before = loaded.info["seconds"]
        self._last_saved = loaded.step
        earlier = [step for step in checkpoints.steps(folder) if step < loaded.step]
        self._previous_saved = max(earlier, default=None)
        self._resumed_from = loaded.step
        if run:
            run.metrics.truncate_after(loaded.step)
        if self.settings.eval_every and self._last_evaluated != loaded.step:
            if run:  # those of one that was made good are dropped, if it was killed before it was saved
                run.metrics.drop(loaded.step, "eval/")
            self._owes_evaluation = loaded.step >= self._next_eval
        return [*loaded.skipped, *notes]

    def _loaded(self, folder: Path) -> tuple[checkpoints.Loaded, list[str]]:
        """The newest checkpoint that is good, in the learner, and what there is to say; rank 0 says which one it is."""
        if self.ranks.rank > 0:
            loaded = checkpoints.load(Path(self.ranks.same("")))
            return loaded, checkpoint.restore(self.learner, loaded)
        loaded, notes = checkpoint.restore_latest(self.learner, folder, trained=True)
        self.ranks.same(str(loaded.path))
        return loaded, notes
