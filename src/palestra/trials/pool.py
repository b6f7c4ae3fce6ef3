"""Pools: what tries many trials. Verify, ablate and sweeps speak to one through five methods."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from palestra.envs.modules import imported
from palestra.runs import checkpoints
from palestra.runs.store import Run
from palestra.trials.machine import THREADS, devices, free_memory, memory_of, ticks_of
from palestra.trials.trial import Result, Trial, runs_of

NEVER_BEGUN = "stopped before it began"
"""The error of a trial that was waiting when its pool was stopped."""
LOCAL, TOGETHER = "local", "together"
SILENCE = 120.0
"""Seconds without a sign of life after which a process counts as frozen."""
RETRIES = 5
"""Deaths of one trial's processes in a row, without a checkpoint between them, that are made good."""
USUAL_MEMORY = 512 << 20
"""Bytes that a training is taken to need before any has been seen."""


class Pool(ABC):
    """Tries trials, some of them side by side, each leaving a run in its folder.

    A trial that was stopped is submitted again to go on: its run is resumed, bit for bit.
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


@dataclass
class _Task:
    """A trial on its way through the pool."""

    trial: Trial
    folder: Path
    deaths: int = 0
    """Of its processes, since it was last seen to get on."""
    reached: int = -1
    """Step of its newest checkpoint at the last death."""

    def died(self) -> None:
        """Count a death."""
        runs = runs_of(self.folder, self.trial.plan())
        newest = max((step for run in runs for step in checkpoints.steps(run.checkpoints)), default=-1)
        self.deaths = 1 if newest > self.reached else self.deaths + 1
        self.reached = newest


class LocalPool(Pool):
    """Processes of this machine, one for each trial.

    One that is killed, or that gives no sign of life, is begun again where its last checkpoint stands. No more are
    begun than there is memory for, but always one. Where there are several GPUs, each gets that with the least to do.

    Args:
        jobs: how many side by side.
        silence: seconds without a sign of life after which a process is ended.
    """

    def __init__(self, jobs: int, *, silence: float = SILENCE):
        self._jobs = jobs
        self._silence = silence
        self._waiting: deque[_Task] = deque()
        self._dropped: list[Trial] = []
        self._running: list[tuple[_Task, _Child]] = []
        self._devices = devices()
        self._most_memory = 0
        self._stopped = False

    def submit(self, trial: Trial, folder: Path) -> None:
        """Take a trial; its process is started by ``poll``."""
        self._waiting.append(_Task(trial, folder))

    def poll(self) -> list[tuple[Trial, Result]]:
        """Begin what there is room for, and give back what has ended since the last call."""
        ended = [(trial, Result(trial.seed, error=NEVER_BEGUN)) for trial in self._dropped]
        self._dropped.clear()
        for task, child in list(self._running):
            result = child.ended(self._silence)
            if result is None:
                continue
            self._running.remove((task, child))
            if child.died and not self._stopped:
                task.died()
                if task.deaths <= RETRIES:
                    self._waiting.appendleft(task)
                    continue
            ended.append((task.trial, result))
        while self._waiting and len(self._running) < self._jobs and self._has_room():
            task = self._waiting.popleft()
            self._running.append((task, _Child(task.trial, task.folder, self._device_for(task.trial))))
        return ended

    def stop(self) -> None:
        """Drop what has not begun, and ask every process to save and to stop. Harmless when repeated."""
        self._stopped = True
        self._dropped += [task.trial for task in self._waiting]
        self._waiting.clear()
        for _, child in self._running:
            child.stop()

    def tell(self) -> list[str]:
        """What is being tried, and how far it is, as manifests tell every ten seconds."""
        return [child.tell() for _, child in self._running]

    def close(self) -> None:
        """Ask every process to save and to stop, and leave it to itself."""
        self.stop()

    def _has_room(self) -> bool:
        """Whether there is memory for one more, and for those that run to become as large as any was."""
        free = free_memory()
        if not self._running or free is None:
            return True
        used = [memory_of(child.pid) for _, child in self._running]
        self._most_memory = max(self._most_memory, *(most for _, most in used))
        need = max(self._most_memory, USUAL_MEMORY)
        return free >= need + sum(max(0, need - now) for now, _ in used)

    def _device_for(self, trial: Trial) -> str | None:
        """The GPU with the least to do; None where there is nothing to choose, or the trial names its own."""
        if len(self._devices) < 2 or trial.plan().training.device not in ("auto", "cuda"):
            return None
        busy = Counter(child.device for _, child in self._running)
        return min(self._devices, key=lambda name: busy[name])


class _Child:
    """The process of one trial."""

    def __init__(self, trial: Trial, folder: Path, device: str | None = None):
        self.trial, self.folder, self.device = trial, folder, device
        self.died = False
        """Whether a signal ended it before it had a result, which says nothing of the trial."""
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self._said, self._beats = b"", 0
        self._signs, self._silent, self._looked = (0, 0), 0.0, time.monotonic()
        plan = trial.plan()
        self._budget = plan.training.budget
        self._run: Path | None = None
        own = {} if device is None else {"CUDA_VISIBLE_DEVICES": device}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "palestra.trials.worker", *imported()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**os.environ, **dict.fromkeys(THREADS, str(plan.training.threads)), **own},
            start_new_session=True,  # a terminal's Ctrl-C is for us; we pass it on once
        )
        self.pid = self._process.pid
        request = {"trial": trial.to_json(), "folder": str(folder)}
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # one that has died already is found out by ``ended``
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)

    def ended(self, silence: float) -> Result | None:
        """Its result once the process has ended, which it is made to after so many seconds without a sign of life."""
        status, frozen = self._process.poll(), False
        self._listen()
        if status is None:
            frozen = self._frozen(silence)
            if not frozen:
                return None
            self._process.kill()  # what stopped it, SIGSTOP perhaps, cannot stop this
            status = self._process.wait()
        self.stop()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._complaints.seek(0)
        complaint = self._complaints.read().decode(errors="replace").strip()
        self._complaints.close()
        try:
            return Result(**json.loads(self._said))
        except (TypeError, ValueError):
            self.died = status < 0
            last = complaint.splitlines()[-1] if complaint else "it said nothing"
            how = f"gave no sign of life for {silence:g} s" if frozen else f"ended with status {status}"
            return Result(self.trial.seed, error=f"its process {how}: {last}")

    def stop(self) -> None:
        """Ask it to save and stop, and wake it if it is frozen. Harmless when repeated."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended
            self._process.stdin.close()
        self._process.send_signal(signal.SIGCONT)  # nothing is sent to one that has ended

    def tell(self) -> str:
        """``cartpole/ppo seed 3 40%``."""
        if self._run is None:
            runs = runs_of(self.folder, self.trial.plan())
            self._run = runs[-1].path if runs else None
        if self._run is None:
            return self.trial.name
        steps: int = Run.open(self._run, self.folder).manifest["steps"]
        return f"{self.trial.name} {min(1.0, steps / self._budget):.0%}"

    def _listen(self) -> None:
        """Take what it says: empty lines while it lives, and a line with its result at the end.

        Never waits: a world's worker, forked from it, may hold the other end of the pipe for longer than it lives.
        """
        assert self._process.stdout is not None
        with suppress(BlockingIOError):
            while said := os.read(self._process.stdout.fileno(), 1 << 16):
                self._beats += said.count(b"\n")
                self._said = (self._said + said).lstrip()

    def _frozen(self, silence: float) -> bool:
        """Whether it has neither said anything nor computed for so long.

        Time counts only as far as it was looked at: whoever froze both of us has not frozen it alone.
        """
        signs, now = (self._beats, ticks_of(self.pid)), time.monotonic()
        self._silent = 0.0 if signs != self._signs else self._silent + min(now - self._looked, 1.0)
        self._signs, self._looked = signs, now
        return self._silent > silence
