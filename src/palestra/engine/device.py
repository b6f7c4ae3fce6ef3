"""Where tensors live, and how the processor works on them."""

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from palestra.errors import UsageError, require


def resolve_device(name: str) -> torch.device:
    """``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto``: the CPU, where small networks are fastest."""
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


M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
"""glibc's numbers for ``mallopt``."""
KEPT, AHEAD, APART = 1 << 30, 1 << 26, 1 << 25
"""Bytes: free memory that a process may keep, what it asks for at a time, and the size from which an allocation is
mapped on its own (glibc allows no more)."""


@cache
def keep_memory() -> None:
    """Let the process keep up to 1 GiB of memory that it freed, for what it allocates next; where glibc allocates.

    An update frees and allocates the same megabytes again and again. By default glibc gives them back each time, and
    the kernel clears every page anew: up to a third of PPO's time (docs/decisions/0004-speed.md). It is for the whole
    process and for good, as ``MALLOC_TRIM_THRESHOLD_`` and its like are.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        for option, number in ((M_TRIM_THRESHOLD, KEPT), (M_TOP_PAD, AHEAD), (M_MMAP_THRESHOLD, APART)):
            mallopt(option, number)


class _Inside(threading.local):
    times = 0
    """How often this thread is within ``denormals_as_zero``."""
    before = False


_inside = _Inside()


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Let the processor treat numbers below 1e-38 as zero, where it can.

    Adam's moments of a unit that has died shrink into that range and stay there, and arithmetic on them is many times
    slower: without this a DQN on CartPole spends most of its time in the optimizer (docs/decisions/0004-speed.md).

    Who is in it may leave in any order, as trainings do that go on together: the last one leaves it as the first found
    it.
    """
    if not _inside.times:
        _inside.before = bool(torch.tensor([1e-40]) * 1.0 == 0.0)
    _inside.times += 1
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        _inside.times -= 1
        if not _inside.times:
            torch.set_flush_denormal(_inside.before)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Compute with so many PyTorch threads; results repeat bit for bit only with the same number."""
    require(number >= 1, f"threads={number}", "at least 1")
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
