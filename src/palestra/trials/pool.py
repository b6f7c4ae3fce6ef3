"""Pools: what tries many trials. Verify, ablate, sweeps and a cluster speak to one through five methods."""

import json
import os
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from palestra.envs.modules import imported
from palestra.trials.trial import Result, Trial, runs_of

NEVER_BEGUN = "stopped before it began"
"""The error of a trial that was waiting when its pool was stopped."""


class Pool(ABC):
    """Tries trials, some of them side by side, each leaving a run in its folder.

    A trial that was stopped, or whose process died, is submitted again to go on: its run is resumed, bit for bit.
    """

    @abstractmethod
    def submit(self, trial: Trial, folder: Path) -> None:
        """Take a trial; it begins when there is room for it."""

    @abstractmethod
    def poll(self) -> list[tuple[Trial, Result]]:
        """Begin what there is room for, and give back what has ended since the last call. Does not wait."""

    @abstractmethod
    def stop(self) -> None:
        """Drop what has not begun, and ask what has to save and to stop; ``poll`` gives all of it back."""

    @abstractmethod
    def tell(self) -> list[str]:
        """What is being tried, and how far it is: ``cartpole/ppo seed 3 40%``."""

    @abstractmethod
    def close(self) -> None:
        """Stop, and let go of everything; nothing is given back any more."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LocalPool(Pool):
    """Processes of this machine, one for each trial.

    Args:
        jobs: how many side by side.
    """

    def __init__(self, jobs: int):
        self._jobs = jobs
        self._waiting: deque[tuple[Trial, Path]] = deque()
        self._dropped: list[Trial] = []
        self._children: list[_Child] = []

    def submit(self, trial: Trial, folder: Path) -> None:
        """Take a trial; its process is started by ``poll``."""
        self._waiting.append((trial, folder))

    def poll(self) -> list[tuple[Trial, Result]]:
        """Begin what there is room for, and give back what has ended since the last call."""
        ended = [(trial, Result(trial.seed, error=NEVER_BEGUN)) for trial in self._dropped]
        self._dropped.clear()
        for child in list(self._children):
            result = child.ended()
            if result is not None:
                self._children.remove(child)
                ended.append((child.trial, result))
        while self._waiting and len(self._children) < self._jobs:
            self._children.append(_Child(*self._waiting.popleft()))
        return ended

    def stop(self) -> None:
        """Drop what has not begun, and ask every process to save and to stop. Harmless when repeated."""
        self._dropped += [trial for trial, _ in self._waiting]
        self._waiting.clear()
        for child in self._children:
            child.stop()

    def tell(self) -> list[str]:
        """What is being tried, and how far it is, as manifests tell every ten seconds."""
        return [child.tell() for child in self._children]

    def close(self) -> None:
        """Ask every process to save and to stop, and leave it to itself."""
        self.stop()


class _Child:
    """The process of one trial."""

    def __init__(self, trial: Trial, folder: Path):
        self.trial, self.folder = trial, folder
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        plan = trial.plan()
        self._budget = plan.training.budget
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "palestra.trials.trial", *imported()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, **dict.fromkeys(names, str(plan.training.threads))},
            start_new_session=True,  # a terminal's Ctrl-C is for us; we pass it on once
        )
        request = {"trial": trial.to_json(), "folder": str(folder)}
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # one that has died already is found out by ``ended``
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()

    def ended(self) -> Result | None:
        """Its result once the process has ended."""
        status = self._process.poll()
        if status is None:
            return None
        self.stop()
        assert self._process.stdout is not None
        said = self._process.stdout.read().decode()
        self._process.stdout.close()
        self._said.seek(0)
        complaint = self._said.read().decode(errors="replace").strip()
        self._said.close()
        try:
            return Result(**json.loads(said))
        except (TypeError, ValueError):
            last = complaint.splitlines()[-1] if complaint else "it said nothing"
            return Result(self.trial.seed, error=f"its process ended with status {status}: {last}")

    def stop(self) -> None:
        """Ask it to save and stop. Harmless when repeated."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended
            self._process.stdin.close()

    def tell(self) -> str:
        """``cartpole/ppo seed 3 40%``."""
        runs = runs_of(self.folder, self.trial.plan())
        if not runs:
            return self.trial.name
        steps: int = runs[-1].manifest["steps"]
        return f"{self.trial.name} {min(1.0, steps / self._budget):.0%}"
