"""Trials on a Ray cluster: each is a task that starts a process, waits for it, and takes it along when it is ended.

Ray moves tasks by pickle, between processes that trust each other. So no cluster is begun here but with a token and on
the loopback address, without a dashboard and without reports to anybody; one that is named is as whoever began it made
it. What a trial is and what came of it go through the depot, as JSON.
"""

import logging
import math
import os
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from palestra.errors import PalestraError, missing_extra
from palestra.runs.lease import EXPIRY
from palestra.runs.provenance import cores
from palestra.trials.cluster.pool import LOOK, ClusterPool, Job
from palestra.trials.machine import THREADS

SAVING = 60.0
"""Seconds that a process has to save and to stop once its task is ended."""
_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # off, on any system, it has Ray take 127.0.0.1 and no other address
_LOOK = 0.2  # seconds between looks at a process


class RayPool(ClusterPool):
    """Processes on a Ray cluster.

    Args:
        jobs: how many side by side.
        address: of the cluster, as ``ray.init`` takes it; None for one of this machine alone, which ends with the pool.
        depot: what all machines have in common, a folder or a URL; None for ``.pool`` beside the runs.
        expiry: seconds without a sign of life after which a process has lost what it does.
        look: seconds between looks.
    """

    def __init__(
        self,
        jobs: int,
        *,
        address: str | None = None,
        depot: str | None = None,
        expiry: float = EXPIRY,
        look: float = LOOK,
    ):
        super().__init__(jobs, depot=depot, expiry=expiry, look=look)
        self._ray = _begun(address)
        self._tasks: dict[str, Any] = {}

    def launch(self, jobs: Sequence[Job]) -> list[str]:
        """Begin a task of each, which waits until there are cores (and a GPU, where it is to have one) for it."""
        handles = []
        for job in jobs:
            training = job.trial.plan().training
            task = self._ray.remote(run_worker).options(
                num_cpus=training.threads,
                num_gpus=int(training.device.startswith("cuda")),
                max_retries=0,  # what died is begun again by the pool, which knows whether it got on
                name=job.trial.name,
            )
            self._tasks[job.launch] = task.remote(self.command_of(job), training.threads)
            handles.append(job.launch)
        return handles

    def alive(self, handles: Collection[str]) -> Collection[str] | None:
        """Which of the tasks are not over."""
        waiting = {self._tasks[handle]: handle for handle in handles}
        _, left = self._ray.wait(list(waiting), num_returns=len(waiting), timeout=0)
        return {waiting[task] for task in left}

    def cancel(self, handle: str) -> None:
        """End a task with its process; a frozen one is woken by Linux then, and stops."""
        with suppress(Exception):  # it is over, or its machine is gone
            self._ray.cancel(self._tasks[handle], force=True)

    def withdraw(self, handle: str) -> None:
        """Take back a task that waits; one that runs saves and stops."""
        with suppress(Exception):
            self._ray.cancel(self._tasks[handle], force=False)

    def leave(self) -> None:
        """Let go of the cluster; one of this machine alone ends."""
        self._ray.shutdown()


def run_worker(command: list[str], threads: int) -> int:
    """On the cluster: run the process of a trial to its end; its status."""
    environment = {**os.environ, **dict.fromkeys(THREADS, str(threads))}
    with subprocess.Popen(
        [sys.executable, "-m", "palestra.trials.cluster.worker", "--leashed", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    ) as process:
        until = math.inf
        while process.poll() is None and time.monotonic() < until:
            try:
                time.sleep(_LOOK)  # waiting for the process itself could not be interrupted by Ray
            except KeyboardInterrupt:  # the task is ended, and the process is told by the depot to save and to stop
                until = time.monotonic() + SAVING
        process.kill()
    return process.returncode


def _begun(address: str | None) -> Any:
    """Ray, connected to a cluster. Raises UsageError where it is not installed, PalestraError where none is reached."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    if address is None or address.startswith(("127.", "localhost:")):
        os.environ.setdefault(_LOOPBACK, "0")
    try:
        import ray
    except ImportError:
        raise missing_extra("cluster", "a pool on Ray") from None
    options: dict[str, Any] = {} if address else {"num_cpus": cores(), "include_dashboard": False}
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **options)
    except Exception as error:  # each version has errors of its own
        place = f"no Ray cluster at {address}" if address else "Ray does not begin on this machine"
        said = str(error).strip().partition("\n")[0]
        raise PalestraError(f"{place}: {said}; expected one that this machine reaches, with its token") from error
    return ray
