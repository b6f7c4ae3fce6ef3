"""Devices, threads and denormal numbers."""

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
