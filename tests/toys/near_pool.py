"""A cluster of one machine: workers as a scheduler would start them, which a test can kill, freeze and cut off."""

import os
import signal
import subprocess
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from palestra.runs.depot import FolderDepot
from palestra.trials.cluster.pool import ClusterPool, Job


class NearPool(ClusterPool):
    """Processes of this machine that reach the depot through a link each, which can be cut.

    Args:
        jobs: how many side by side.
        links: folder of the links.
        options: of every such pool.
    """

    def __init__(self, jobs: int, links: Path, **options: Any):
        super().__init__(jobs, **options)
        self.links = links
        links.mkdir(parents=True, exist_ok=True)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.logs: list[Path] = []

    def launch(self, jobs: Sequence[Job]) -> list[str]:
        for job in jobs:
            assert isinstance(job.depot, FolderDepot)
            link = self.link(job.launch)
            link.symlink_to(job.depot.root)
            command = [str(link), *self.command_of(job)[1:]]
            log = self.links / f"{job.launch}.log"
            self.logs.append(log)
            with log.open("wb") as said:
                self.processes[job.launch] = subprocess.Popen(
                    [sys.executable, "-m", "palestra.trials.cluster.worker", *command],
                    stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                    env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True,
                )  # fmt: skip
        return [job.launch for job in jobs]

    def link(self, handle: str) -> Path:
        return self.links / handle

    def alive(self, handles: Collection[str]) -> Collection[str]:
        return [handle for handle in handles if self.processes[handle].poll() is None]

    def cancel(self, handle: str) -> None:
        self.processes[handle].kill()
        self.processes[handle].wait()

    def withdraw(self, handle: str) -> None:
        pass

    def leave(self) -> None:
        """End whatever is left, as a test's machine does not outlive it."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
