"""A cluster of one machine: workers forked from a test, which can be killed, frozen and cut off from their depot."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from palestra.runs.depot import FolderDepot
from palestra.trials.cluster import worker
from palestra.trials.cluster.pool import ClusterPool, Job

FORK = multiprocessing.get_context("fork")


class NearPool(ClusterPool):
    """Processes of this machine that reach the depot through a link each, which can be cut.

    One that is ended is left alone, as by a scheduler that does not reach its machine any more; a test wakes it.

    Args:
        jobs: how many side by side.
        links: folder of the links, and of what each process says.
        options: of every such pool.
    """

    def __init__(self, jobs: int, links: Path, **options: Any):
        super().__init__(jobs, **options)
        self.links = links
        links.mkdir(parents=True, exist_ok=True)
        self.processes: dict[str, ForkProcess] = {}
        self.ended: list[str] = []
        """Those that the pool takes for frozen."""

    def launch(self, jobs: Sequence[Job]) -> list[str]:
        for job in jobs:
            assert isinstance(job.depot, FolderDepot)
            link = self.link(job.launch)
            link.symlink_to(job.depot.root)
            command = [str(link), *self.command_of(job)[1:]]
            self.processes[job.launch] = FORK.Process(target=_live, args=(command, self.links / f"{job.launch}.log"))
            self.processes[job.launch].start()
        return [job.launch for job in jobs]

    def link(self, handle: str) -> Path:
        """Through which a process reaches the depot."""
        return self.links / handle

    def alive(self, handles: Collection[str]) -> Collection[str]:
        return [handle for handle in handles if self.processes[handle].is_alive()]

    def cancel(self, handle: str) -> None:
        self.ended.append(handle)

    def withdraw(self, handle: str) -> None:
        pass

    def signal(self, handle: str, number: signal.Signals) -> None:
        """Send a signal to a process; harmless where that has ended."""
        pid = self.processes[handle].pid
        assert pid is not None
        if self.processes[handle].is_alive():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def leave(self) -> None:
        """End whatever is left: a test's machine does not outlive it."""
        for process in self.processes.values():
            process.kill()
            process.join()


def _live(command: list[str], log: Path) -> None:
    """What a worker does from its beginning to its end."""
    said = os.open(log, os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(said, stream)
    sys.stdout = sys.stderr = os.fdopen(2, "w")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    sys.argv = ["worker", *command]
    worker.main()
