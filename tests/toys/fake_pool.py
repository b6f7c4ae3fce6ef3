"""Pools without processes: one that only computes a score, one that trains in this process; either can be cut off."""

from collections.abc import Callable
from pathlib import Path

from palestra.trials.pool import NEVER_BEGUN, Pool
from palestra.trials.trial import Result, Trial, attempt


class Cut(BaseException):
    """The end of a process, for a test."""


class FakePool(Pool):
    """Gives one trial back with each poll, the newest first, so that none comes in the order of the asking.

    Args:
        work: what a trial in a folder comes to; it may raise Cut.
    """

    def __init__(self, work: Callable[[Trial, Path], Result] = attempt):
        self.work = work
        self.begun: list[Trial] = []
        self._waiting: list[tuple[Trial, Path]] = []
        self._dropped: list[Trial] = []

    def submit(self, trial: Trial, folder: Path) -> None:
        self._waiting.append((trial, folder))

    def poll(self) -> list[tuple[Trial, Result]]:
        dropped = [(trial, Result(trial.seed, error=NEVER_BEGUN)) for trial in self._dropped]
        self._dropped.clear()
        if not self._waiting:
            return dropped
        trial, folder = self._waiting.pop()
        self.begun.append(trial)
        return [*dropped, (trial, self.work(trial, folder))]

    def stop(self) -> None:
        self._dropped += [trial for trial, _ in self._waiting]
        self._waiting.clear()

    def tell(self) -> list[str]:
        return [trial.name for trial, _ in self._waiting]

    def close(self) -> None:
        self.stop()
