"""Trials on a Slurm cluster: what is asked for together is an array job, whose elements Slurm may begin again.

Only ``sbatch``, ``squeue`` and ``scancel`` are used, in forms that have not changed for many versions. An element that
Slurm takes the machine from is signalled, saves and stops, and is put back into the queue by Slurm itself
(``--requeue``). Account, time limit and whatever else a site asks for are given as ``SBATCH_...`` in the environment.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from palestra.errors import PalestraError, UsageError
from palestra.runs.depot import FolderDepot
from palestra.runs.lease import EXPIRY
from palestra.trials.cluster.pool import ClusterPool, Job
from palestra.trials.machine import THREADS

ENDED = {"BF", "CA", "CD", "DL", "F", "NF", "OOM", "TO"}
"""Slurm's short names of states that an element does not leave, as ``squeue`` shows them for some minutes."""
WARNING = 60
"""Seconds before its time limit at which an element is signalled."""
LOOK = 5.0
"""Seconds between looks: a controller has many to serve."""
PATIENCE = 60.0
"""Seconds for an answer of Slurm's."""
LOGS = "logs"
_COMMANDS = ("sbatch", "squeue", "scancel")


class SlurmPool(ClusterPool):
    """Processes on a Slurm cluster.

    Args:
        jobs: how many side by side.
        partition: where; None for the usual one.
        depot: what all machines have in common, a folder or a URL; None for ``.pool`` beside the runs.
        expiry: seconds without a sign of life after which a process has lost what it does.
        look: seconds between looks.
    """

    def __init__(
        self,
        jobs: int,
        *,
        partition: str | None = None,
        depot: str | None = None,
        expiry: float = EXPIRY,
        look: float = LOOK,
    ):
        super().__init__(jobs, depot=depot, expiry=expiry, look=look)
        self._partition = partition
        missing = [command for command in _COMMANDS if shutil.which(command) is None]
        if missing:
            raise UsageError(
                f"pool slurm without {', '.join(missing)} on the path; expected a machine that submits to Slurm"
            )

    def launch(self, jobs: Sequence[Job]) -> list[str]:
        """Submit them, as one array for those that need the same."""
        handles: dict[str, str] = {}
        for alike in _groups(jobs):
            options = [f"--array=0-{len(alike) - 1}", *self._options(alike[0])]
            number = _asked("sbatch", *options, text=script(alike, [self.command_of(job) for job in alike]))
            number = number.strip().partition(";")[0]  # the name of the cluster may follow
            if not number.isdigit():
                raise PalestraError(f"sbatch said {number!r}; expected the number of a job")
            handles |= {job.launch: f"{number}_{i}" for i, job in enumerate(alike)}
        return [handles[job.launch] for job in jobs]

    def alive(self, handles: Collection[str]) -> Collection[str] | None:
        """Which elements wait, run, or are about to be begun again."""
        try:
            said = _asked("squeue", "--me", "--noheader", "--array", "--states=all", "--format=%i %t")
        except PalestraError:  # the controller is busy, or is started anew; the elements go on meanwhile
            return None
        states = dict(line.split() for line in said.splitlines() if len(line.split()) == 2)
        return {handle for handle in handles if states.get(handle, "CD") not in ENDED}

    def cancel(self, handle: str) -> None:
        """End an element, frozen or not."""
        with suppress(PalestraError):  # the controller is busy; what is frozen is found frozen again
            _asked("scancel", "--quiet", handle)

    def withdraw(self, handle: str) -> None:
        """Take back an element that waits."""
        with suppress(PalestraError):
            _asked("scancel", "--quiet", "--state=PENDING", handle)

    def complaint(self, job: Job) -> str:
        """The last line that its element printed, where the depot is a folder."""
        if not isinstance(job.depot, FolderDepot):
            return ""
        with suppress(OSError):
            lines = (job.depot.root / LOGS / f"{job.handle}.log").read_text(errors="replace").strip().splitlines()
            return lines[-1] if lines else ""
        return ""

    def _options(self, job: Job) -> list[str]:
        training = job.trial.plan().training
        options = [
            "--parsable", "--requeue", "--job-name=palestra", f"--cpus-per-task={training.threads}",
            "--open-mode=append", f"--signal=B:TERM@{WARNING}", f"--output={_log(job)}",
        ]  # fmt: skip
        if self._partition is not None:
            options.append(f"--partition={self._partition}")
        if training.device.startswith("cuda"):
            options.append("--gres=gpu:1")
        return options


def script(jobs: Sequence[Job], commands: Sequence[Sequence[str]]) -> str:
    """The script of an array: each element becomes the process of one trial, which hears Slurm's signals itself."""
    threads = jobs[0].trial.plan().training.threads
    lines = ["#!/bin/bash", *(f"export {name}={threads}" for name in THREADS), 'case "$SLURM_ARRAY_TASK_ID" in']
    for i, command in enumerate(commands):
        lines.append(f"{i}) set -- {shlex.join(command)} ;;")
    return "\n".join([*lines, "esac", f'exec {shlex.quote(sys.executable)} -m palestra.trials.cluster.worker "$@"', ""])


def _groups(jobs: Sequence[Job]) -> list[list[Job]]:
    """Those that need the same of a machine, and write to the same place."""
    groups: dict[tuple[int, str, str], list[Job]] = {}
    for job in jobs:
        training = job.trial.plan().training
        groups.setdefault((training.threads, training.device, job.depot.url), []).append(job)
    return list(groups.values())


def _log(job: Job) -> str:
    """Where an element writes what it prints: into a depot that is a folder, else nowhere."""
    if not isinstance(job.depot, FolderDepot):
        return os.devnull
    folder: Path = job.depot.root / LOGS
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / "%A_%a.log")


def _asked(*command: str, text: str = "") -> str:
    """What a command of Slurm's says. Raises PalestraError if it fails."""
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PalestraError(f"{command[0]} gave no answer: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise PalestraError(f"{command[0]} failed: {said[-1] if said else f'status {done.returncode}'}")
    return done.stdout
