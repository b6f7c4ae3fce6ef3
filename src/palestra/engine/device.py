"""Where tensors live, and how many threads work on them."""

import os

import torch

from palestra.errors import UsageError


def resolve_device(name: str) -> torch.device:
    """``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; ``auto`` is the CPU, since small networks are fastest there."""
    if name == "auto":
        return torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"device {name!r} is not known; expected auto, cpu, cuda, cuda:N or mps") from None
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(device.type, False):
        raise UsageError(f"device {name!r} is not available on this machine; use --device cpu")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"device {name!r} is not there: this machine has {torch.cuda.device_count()} CUDA device(s)")
    return device


def choose_threads(batch_flops: float) -> int:
    """Threads for a learner whose largest batch costs this many floating-point operations, forward.

    Below ~50 MFLOP a second thread costs more in waiting than it saves (bench/results/threads.md).
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if batch_flops < 5e7 else cores
