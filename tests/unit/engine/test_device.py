"""Devices, threads and denormal numbers."""

import ctypes
import os
import subprocess
import sys

import pytest
import torch

from palestra.engine.device import denormals_as_zero, resolve_device, threads
from palestra.errors import UsageError


def test_auto_is_the_cpu() -> None:
    assert resolve_device("auto") == resolve_device("cpu") == torch.device("cpu")


def test_an_unknown_or_absent_device_is_refused() -> None:
    with pytest.raises(UsageError, match="device 'gpu' is not known; expected auto, cpu, cuda"):
        resolve_device("gpu")
    count = torch.cuda.device_count()
    with pytest.raises(UsageError, match="device 'cuda:99' is not"):
        resolve_device("cuda:99")
    if count == 0:
        with pytest.raises(UsageError, match="device 'cuda' is not available on this machine; use --device cpu"):
            resolve_device("cuda")
    else:
        assert resolve_device("cuda").type == "cuda"


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with pytest.raises(UsageError, match="threads=0; expected at least 1"), threads(0):
        pass


def tiny() -> float:
    return float(torch.tensor([1e-40]) * 1.0)


def test_denormals_are_zero_inside_and_as_before_outside() -> None:
    assert tiny() != 0.0
    with denormals_as_zero():
        assert tiny() == 0.0
        with denormals_as_zero():
            pass
        assert tiny() == 0.0
    assert tiny() != 0.0


MAPPED = """
import ctypes
from palestra.engine.device import keep_memory

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.mallinfo2.restype = type("mallinfo2", (ctypes.Structure,), {"_fields_": [
    (name, ctypes.c_size_t)
    for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
]})

def mapped():
    before = libc.mallinfo2().hblkhd
    libc.malloc(16 << 20)
    return libc.mallinfo2().hblkhd - before

first = mapped()
keep_memory()
print(first, mapped())
"""
"""How much of 16 megabytes glibc maps on its own, which it would give back as soon as they are freed."""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="it asks glibc 2.33 or later, which is Linux's")
def test_freed_memory_is_kept() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run([sys.executable, "-c", MAPPED], capture_output=True, text=True, check=True, env=env)
    without, kept = map(int, done.stdout.split())
    assert kept == 0 < without


def test_those_who_ignore_denormals_may_leave_in_any_order() -> None:
    def flushed() -> bool:
        return bool(torch.tensor([1e-40]) * 1.0 == 0.0)

    before, one, other = flushed(), denormals_as_zero(), denormals_as_zero()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert flushed()
    other.__exit__(None, None, None)
    assert flushed() == before
