"""The Trainer: the one loop. It steps any Learner to its budget and owns everything around the learning.

Logging, evaluation, the best model, checkpoints, resume, signals and progress live here and nowhere else.
What it records is a function of the configuration and the seed alone; wall-clock figures go to a table of their own.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from palestra.engine import checkpoint, seeding
from palestra.engine.device import denormals_as_zero, keep_memory
from palestra.engine.progress import make_progress
from palestra.engine.settings import TrainSettings
from palestra.engine.signals import GivenUp, StopRequest
from palestra.engine.soundness import Diverged, all_finite, go_on, unsound_weight
from palestra.engine.training import Ending, Steps, TrainResult
from palestra.envs.misbehaviour import Misbehaviour
from palestra.measure import Evaluation, Measure, Metrics, better, reached
from palestra.runs import checkpoints, tensorboard
from palestra.runs.store import Run

OnEvaluation = Callable[[int, Evaluation], bool]
"""Told the clock and what an evaluation gave; False stops the training."""

SECONDS_BETWEEN_NEWS = 10.0
"""Of the steps in the manifest, which lists of runs show; each costs two fsyncs."""


class Trainer:
    """Trains a learner, with or without a Run to record it.

    Args:
        learner: what to train.
        settings: how long, and what to record.
        run: where to record; None keeps nothing.
        on_evaluation: told of every evaluation; the training stops where it says False.
        progress: show progress on standard error.
    """

    def __init__(
        self,
        learner: Steps,
        settings: TrainSettings,
        run: Run | None = None,
        on_evaluation: OnEvaluation = lambda clock, evaluation: True,
        *,
        progress: bool = False,
    ):
        self.learner = learner
        self.settings = settings
        self.run_record = run
        self._shown = progress
        self.best_score: float | None = None
        self.best_step: int | None = None
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._last_row: Metrics = {}
        self._seconds_before = 0.0
        self._log_every = settings.log_every or max(1, settings.budget // 500)
        self._next_log = self._log_every
        self._next_eval = settings.eval_every
        self._mirror: tensorboard.TensorBoardMirror | None = None
        self._resumed_from: int | None = None
        self._last_evaluated: int | None = None
        self._told = time.monotonic()
        self._last_saved: int | None = None
        self._previous_saved: int | None = None
        self._on_evaluation = on_evaluation
        self._told_to_stop = False
        self._owes_evaluation = False
        self._stale = False
        """Whether the checkpoint of this clock was written before its evaluation."""
        self._began = time.monotonic()
        self._rate_from = (self._began, learner.clock)

    def run(self) -> TrainResult:
        """Train until the budget, the target or a signal; returns how it ended."""
        learner, settings = self.learner, self.settings
        learner.budget = settings.budget
        name = self.run_record.id if self.run_record else learner.name
        progress = make_progress(self._shown, name, learner.clock, settings.budget, learner.clock_unit)
        self._began = last_save = time.monotonic()
        self._rate_from = (self._began, learner.clock)
        ending: Ending = "finished"
        keep_memory()
        try:
            self._open_mirror()
            with StopRequest(enabled=self.run_record is not None) as stop, denormals_as_zero(), self._survival():
                if self._target_reached():
                    ending = "target"
                while ending == "finished" and (
                    self._owes_evaluation or not (learner.finished or learner.clock >= settings.budget)
                ):
                    self._accumulate({} if self._owes_evaluation else learner.step())
                    if learner.clock >= self._next_log:
                        self._log()
                    improved = False
                    if settings.eval_every and learner.clock >= self._next_eval:
                        improved = self._evaluate()
                    if self._shown:
                        progress.update(learner.clock, self._headline())
                    if self._target_reached():
                        ending = "target"
                    elif self._told_to_stop:
                        ending = "stopped"
                    elif learner.finished or learner.clock >= settings.budget:
                        break  # rows are still to come at this clock, so its checkpoint has to wait for them
                    elif stop.signal is not None:
                        ending = "interrupted"
                    elif self.run_record and (improved or time.monotonic() - last_save >= settings.checkpoint_every):
                        self.save()
                        last_save = time.monotonic()
                if ending != "interrupted":
                    self._log()
                    if settings.eval_every and self._last_evaluated != learner.clock:
                        self._evaluate()
                if self._owes_evaluation:
                    ending = "interrupted"
                if self.run_record:
                    self.save()
            progress.update(learner.clock, self._headline())
        finally:
            progress.close()
            if self._mirror:
                self._mirror.close()
        signal = stop.signal if ending == "interrupted" else None
        return TrainResult(
            ending, learner.clock, self._seconds(), self._last_row, self.best_score, self.best_step, signal
        )

    @contextmanager
    def _survival(self) -> Iterator[None]:
        """Save the last whole step when the world misbehaves, and say how to go on."""
        try:
            yield
        except Misbehaviour as error:
            self._check_weights({}, always=True)  # else the world is blamed for the actions that it was given
            if self.run_record is None:
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

    def _open_mirror(self) -> None:
        if self.run_record and self.settings.tensorboard and tensorboard.is_available():
            self._mirror = tensorboard.TensorBoardMirror(self.run_record.path / "tb")
            if self._resumed_from is not None:
                self._mirror.restart_at(self._resumed_from)

    def _accumulate(self, metrics: Metrics) -> None:
        for key, value in metrics.items():
            self._sums[key] = self._sums.get(key, 0.0) + float(value)
            self._counts[key] = self._counts.get(key, 0) + 1

    def _log(self) -> None:
        """One row: the mean of each metric since the last row."""
        clock = self.learner.clock
        self._next_log = (clock // self._log_every + 1) * self._log_every
        if not self._sums:
            return
        row = {key: self._sums[key] / self._counts[key] for key in self._sums}
        self._check_weights(row)
        self._sums.clear()
        self._counts.clear()
        self._last_row = {**self._last_row, **row}
        now = time.monotonic()
        rate = (clock - self._rate_from[1]) / max(now - self._rate_from[0], 1e-9)
        self._rate_from = (now, clock)
        self._write(row)
        if self.run_record:
            self.run_record.metrics.add_timing(clock, {"time/steps_per_second": rate, "time/seconds": self._seconds()})

    def _write(self, row: Metrics) -> None:
        if self.run_record:
            self.run_record.metrics.add(self.learner.clock, row)
        if self._mirror:
            self._mirror.add(self.learner.clock, row)

    def _evaluate(self) -> bool:
        """Evaluate with randomness of its own; True if it is the best so far.

        One that a signal ends is owed: nothing of it is kept, and a resume makes it good at the same clock.
        """
        learner, settings = self.learner, self.settings
        seed = seeding.derive(settings.seed, "evaluation", learner.clock)
        try:
            result = learner.measured(Measure(settings.eval_count, seed=seed, max_steps=settings.eval_max_steps))
        except GivenUp:
            self._owes_evaluation = True
            return False
        self._owes_evaluation, self._stale = False, self._last_saved == learner.clock
        self._next_eval = (learner.clock // settings.eval_every + 1) * settings.eval_every
        self._last_evaluated = learner.clock
        row = {**self._last_row, **result.metrics}
        self._last_row = {k: row[k] for k in row if not k.startswith("eval/") or k in result.metrics}
        self._write(result.metrics)
        self._told_to_stop = not self._on_evaluation(learner.clock, result)
        improved = better(result.score, self.best_score, learner.direction)
        if improved:
            self.best_score, self.best_step = result.score, learner.clock
        return improved

    def _target_reached(self) -> bool:
        return reached(self.best_score, self.settings.target, self.learner.direction)

    def _headline(self) -> str:
        for key in (self.learner.headline, "train/return_mean", "train/loss"):
            if key in self._last_row:
                return f"{key} {self._last_row[key]:.4g}"
        return ""

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._began

    def save(self) -> None:
        """Checkpoint: metrics are committed first, so that no checkpoint is ever ahead of its rows.

        It closes its clock: no row may be added at this clock any more, since a resume keeps what is there.
        """
        assert self.run_record is not None
        run, clock = self.run_record, self.learner.clock
        if self._last_saved != clock or self._stale:
            self._check_weights(self._sums)
            run.metrics.commit()
            if self._mirror:
                self._mirror.flush()
            checkpoint.save(
                self.learner,
                run.checkpoints,
                trainer=self._state(),
                seconds=self._seconds(),
                best_step=self.best_step,
                best_score=self.best_score,
            )
            if time.monotonic() - self._told >= SECONDS_BETWEEN_NEWS:
                self._tell()
            if self._last_saved != clock:
                self._previous_saved, self._last_saved = self._last_saved, clock
            self._stale = False
        keep = {clock, self._previous_saved, self.best_step} - {None}
        checkpoints.prune(run.checkpoints, {step for step in keep if step is not None})

    def _state(self) -> dict[str, Any]:
        return {
            "sums": dict(self._sums),
            "counts": dict(self._counts),
            "last_row": dict(self._last_row),
            "next_log": self._next_log,
            "next_eval": self._next_eval,
            "last_evaluated": self._last_evaluated,
            "best_score": self.best_score,
            "best_step": self.best_step,
        }

    def resume(self) -> list[str]:
        """Continue from the newest checkpoint that verifies; returns a line for each thing worth saying.

        Metric rows beyond the checkpoint are dropped: training will write them again, the same.
        """
        assert self.run_record is not None
        run = self.run_record
        if not checkpoints.steps(run.checkpoints):
            self._resumed_from = -1
            run.metrics.truncate_after(-1)
            return ["no checkpoint yet: starting from the beginning"]
        loaded = checkpoints.load_latest(run.checkpoints)
        notes = checkpoint.restore(self.learner, loaded)
        trainer = loaded.state["trainer"]
        self._sums, self._counts = dict(trainer["sums"]), dict(trainer["counts"])
        self._last_row = dict(trainer["last_row"])
        self._next_log, self._next_eval = trainer["next_log"], trainer["next_eval"]
        self._last_evaluated = trainer["last_evaluated"]
        self.best_score, self.best_step = trainer["best_score"], trainer["best_step"]
        self._seconds_before = loaded.info["seconds"]
        self._last_saved = loaded.step
        earlier = [step for step in checkpoints.steps(run.checkpoints) if step < loaded.step]
        self._previous_saved = max(earlier, default=None)
        self._resumed_from = loaded.step
        run.metrics.truncate_after(loaded.step)
        if self.settings.eval_every and self._last_evaluated != loaded.step:
            run.metrics.drop(loaded.step, "eval/")  # of an evaluation made good, if it was killed before it was saved
            self._owes_evaluation = loaded.step >= self._next_eval
        return [*loaded.skipped, *notes]
