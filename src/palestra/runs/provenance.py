"""What a run was made with and on: packages, versions, machine, source."""

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

_PACKAGES = ("palestra", "torch", "numpy", "gymnasium")


def installed_packages() -> str:
    """Every installed distribution as one ``name==version`` line, sorted."""
    lines = set()
    for distribution in importlib.metadata.distributions():
        # Two lines of the file are wanted; parsing all of it as an e-mail message takes twenty times as long.
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        name = re.search(r"^Name: *(\S+)", text, re.MULTILINE)
        version = re.search(r"^Version: *(\S+)", text, re.MULTILINE)
        if name and version:
            lines.add(f"{name[1]}=={version[1]}\n")
    return "".join(sorted(lines, key=str.lower))


def cores() -> int:
    """How many processors this process may use, which on a shared machine are fewer than it has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine_facts() -> dict[str, Any]:
    """Versions, machine and source, as they stand in a run's manifest.

    The keys are ``versions``, ``machine``, ``processor``, ``cpu_count``, ``threads`` (PyTorch's intra-op threads now)
    and ``git_commit``.
    """
    import torch  # here, so that listing runs does not wait for it

    return {
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
        "machine": platform.platform(),
        "processor": processor(),
        "cpu_count": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "git_commit": _git_commit(),
    }


def processor() -> str:
    """Model and the vector instructions that PyTorch uses of it: the bits of a training depend on both."""
    import torch

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        found = re.search(r"^model name\s*: *(.+?)\s*$", cpuinfo.read_text(), re.MULTILINE)
        model = found[1] if found else model
    return f"{model} ({torch.backends.cpu.get_cpu_capability()})"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    """The commit checked out in the working folder, or None outside a repository or without git."""
    command = ["git", "rev-parse", "--verify", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
