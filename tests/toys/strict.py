"""Is the device of ``rehearsal.py`` as strict as a GPU, and does it count what waits for it?"""

import torch
from rehearsal import NAME, waits
from torch import Tensor

NEVER_MET = "expected all tensors on one device"


def refused(a: Tensor, b: Tensor) -> bool:
    """Whether they may not be added."""
    try:
        a + b
    except RuntimeError as error:
        return NEVER_MET in str(error)
    return False


def check() -> None:
    """Fails where it lets something pass. Within ``rehearsed``."""
    here = torch.arange(3.0)
    there = here.to(NAME)
    assert there.device.type == NAME
    assert refused(here, there)
    assert refused(there, here)
    assert (there + torch.tensor(1.0)).device.type == NAME  # one number may come from anywhere
    assert not waits
    for wait in (float, Tensor.cpu, Tensor.tolist, Tensor.nonzero, lambda x: x[x > 1], lambda x: bool(x.any())):
        waits.clear()
        wait(there[:1] if wait is float else there)
        assert sum(waits.values()) >= 1, wait
    waits.clear()
    there[there > 1] = 0.0
    assert sum(waits.values()) == 1
    view = there[1:]
    view += 1
    assert there.cpu().tolist() == [0.0, 2.0, 1.0]
    leaf = torch.ones(2, device=NAME, requires_grad=True)
    (slope,) = torch.autograd.grad((leaf * leaf).sum(), leaf)
    assert (slope.device.type, slope.cpu().tolist()) == (NAME, [2.0, 2.0])
