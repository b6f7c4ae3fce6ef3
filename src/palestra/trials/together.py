"""The pool that trains many trials as one batch in this process: ``palestra train R --seeds 64 --together``."""

import signal
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

from palestra.engine.device import threads
from palestra.engine.signals import StopRequest
from palestra.engine.together import Lockstep
from palestra.engine.training import Rounds
from palestra.errors import PalestraError
from palestra.learners.together import batch_of, together_type
from palestra.trials.plan import Plan
from palestra.trials.pool import NEVER_BEGUN, Pool
from palestra.trials.train import Interrupted
from palestra.trials.trial import Result, Trial, attempting

LOOK = 1.0
"""Seconds after which ``poll`` comes back with what it has."""


class _Waiting(NamedTuple):
    trial: Trial
    folder: Path
    key: str
    """What all of its batch have in common."""


class TogetherPool(Pool):
    """Trials whose learners are stepped and evaluated as one batch, each with an ordinary run of its own.

    Trials that can be of one batch are trained together, at most ``width`` at a time; other batches wait for it. What
    a signal stops or a kill ends goes on exactly, by this pool or alone, where each run was last saved.

    Args:
        width: trainings of one batch.
    """

    def __init__(self, width: int):
        self._width = width
        self._waiting: deque[_Waiting] = deque()
        self._ended: list[tuple[Trial, Result]] = []
        self._batch: list[Trial] = []
        self._threads = 1
        self._lockstep: Lockstep[int, Result] | None = None
        self._stop = StopRequest(enabled=False)
        self._known: set[str] = set()

    def submit(self, trial: Trial, folder: Path) -> None:
        """Take a trial. Raises UsageError, which says who can, for one that cannot be trained with others."""
        plan = trial.plan()
        key = _batch_of(plan)
        if key not in self._known:
            learner = plan.make_learner()
            try:
                together_type(learner.name).check(learner)
            finally:
                learner.close()
            self._known.add(key)
        self._waiting.append(_Waiting(trial, folder, key))

    def poll(self) -> list[tuple[Trial, Result]]:
        """Go on with the batch for about a second, or until something ends; what has ended since the last call."""
        if self._lockstep is None and self._waiting:
            self._begin()
        began = time.monotonic()
        while self._lockstep is not None and not self._ended and time.monotonic() - began < LOOK:
            with threads(self._threads):
                done = self._lockstep.advance()
            self._ended += [(self._batch[number], result) for number, result in done.items()]
            if self._lockstep.over:
                self._lockstep = None
        ended, self._ended = self._ended, []
        return ended

    def stop(self) -> None:
        """Drop what has not begun, and let what goes on save and stop after its present step."""
        self._ended += [(trial, Result(trial.seed, error=NEVER_BEGUN)) for trial, _, _ in self._waiting]
        self._waiting.clear()
        self._stop.signal = signal.SIGTERM

    def tell(self) -> list[str]:
        """``cartpole/ppo seed 0 and 63 more 40%``."""
        if self._lockstep is None:
            return []
        more = f" and {len(self._batch) - 1} more" if len(self._batch) > 1 else ""
        return [f"{self._batch[0].name}{more} {self._lockstep.progress:.0%}"]

    def close(self) -> None:
        """Let go of everything; runs that had not ended stay as they were last saved."""
        self.stop()
        if self._lockstep is not None:
            with threads(self._threads):  # each leaves what it found, which was this
                self._lockstep.close()
            self._lockstep = None

    def _begin(self) -> None:
        """The next batch: those that can be trained with the one that has waited longest."""
        key, plan = self._waiting[0].key, self._waiting[0].trial.plan()
        kind, self._threads = together_type(plan.learner.name), plan.training.threads
        chosen = [each for each in self._waiting if each.key == key][: self._width]
        numbers = {id(each) for each in chosen}
        self._waiting = deque(each for each in self._waiting if id(each) not in numbers)
        self._batch = [each.trial for each in chosen]
        trainings = {number: self._tried(each, kind.rounding) for number, each in enumerate(chosen)}
        self._lockstep = Lockstep(kind, trainings)

    def _tried(self, each: _Waiting, rounding: str) -> Rounds[Result]:
        """A trial to its end, whatever that is."""
        try:
            return (yield from attempting(each.trial, each.folder, self._stop, rounding))
        except Interrupted:
            return Result(each.trial.seed, error="interrupted")
        except PalestraError as error:
            return Result(each.trial.seed, error=str(error))


def _batch_of(plan: Plan) -> str:
    """What all trainings of a batch have in common."""
    shared = batch_of(plan.learner.name, plan.source, plan.learner.settings)
    return f"{shared} {plan.training.threads} {plan.training.device}"
