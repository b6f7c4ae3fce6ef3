"""What a machine has for trainings side by side: threads, free memory, what a process uses, devices."""

import os
from collections.abc import Mapping
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Variables of a process's environment that say with how many threads it computes."""
PROC, CGROUP = Path("/proc"), Path("/sys/fs/cgroup")
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
"""Of a container, by the two versions of control groups: its limit, what it uses, and what of that it would give up."""


def free_memory(proc: Path = PROC, cgroup: Path = CGROUP) -> int | None:
    """Bytes that can still be taken: of the machine, or of the container where it has less; None where nobody says."""
    kilobytes = _numbers(proc / "meminfo").get("MemAvailable")
    known = [] if kilobytes is None else [1024 * kilobytes]
    for limit, usage, statistics, spare in _LIMITS:
        most, used = _number(cgroup / limit), _number(cgroup / usage)
        if most is not None and used is not None:
            known.append(most - used + _numbers(cgroup / statistics).get(spare, 0))
    return max(0, min(known)) if known else None


def memory_of(pid: int, proc: Path = PROC) -> tuple[int, int]:
    """Bytes that a process has in memory now, and the most that it has had; zeros where nobody says."""
    said = _numbers(proc / str(pid) / "status")
    return 1024 * said.get("VmRSS", 0), 1024 * said.get("VmHWM", 0)


def ticks_of(pid: int, proc: Path = PROC) -> int:
    """How long a process has computed, in the system's ticks; 0 where nobody says."""
    try:
        words = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return int(words[11]) + int(words[12])  # utime and stime of proc(5)
    except (OSError, IndexError, ValueError):
        return 0


def devices(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The GPUs that this process may use, by the names that ``CUDA_VISIBLE_DEVICES`` takes."""
    import torch

    count = torch.cuda.device_count()
    named = environment.get("CUDA_VISIBLE_DEVICES")
    return [name.strip() for name in named.split(",")][:count] if named else [str(i) for i in range(count)]


def _number(path: Path) -> int | None:
    """What a file says, if that is a number: a container without a limit says ``max``."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _numbers(path: Path) -> dict[str, int]:
    """``name: number`` of each line that begins so, with or without the colon."""
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}
