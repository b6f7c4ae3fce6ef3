"""What a network consists of, as data: its layers, what each makes of an image, and how many parameters it has."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from palestra.nets.evaluating import evaluating


class Row(NamedTuple):
    """One layer or block."""

    name: str
    """Its path: ``stage1``, ``stage1.0``."""
    kind: str
    """Its class."""
    depth: int
    """1 for a block of the network, 2 for a part of a block, ..."""
    output: tuple[int, ...]
    """Shape of what it makes of one sample."""
    parameters: int
    """In it and in its parts."""


def summarised(net: nn.Module, shape: tuple[int, ...], depth: int = 1) -> tuple[Row, ...]:
    """The layers of a network that a sample passes, down to some depth, in the order in which they stand.

    Nothing is computed: the sample and the weights that it meets are on the meta device.

    Args:
        net: takes (B, *shape) float32, and stays as it is.
        shape: of one sample.
        depth: 1 for blocks, 2 for their parts as well, ...
    """
    levels = {name: module for name, module in net.named_modules() if 0 < len(_path(name)) <= depth}
    output: dict[str, tuple[int, ...]] = {}

    def noting(name: str) -> object:
        def note(_module: nn.Module, _inputs: object, out: Tensor) -> None:
            output[name] = tuple(out.shape[1:])

        return note

    handles = [module.register_forward_hook(noting(name)) for name, module in levels.items()]
    tensors = {name: x.detach().to("meta") for name, x in (*net.named_parameters(), *net.named_buffers())}
    try:
        with evaluating(net), torch.no_grad():
            functional_call(net, tensors, (torch.empty(2, *shape, device="meta"),))
    finally:
        for handle in handles:
            handle.remove()
    return tuple(
        Row(name, type(module).__name__, len(_path(name)), output[name], parameter_count(module))
        for name, module in levels.items()
        if name in output
    )


def parameter_count(net: nn.Module) -> int:
    """Numbers that a network learns, one that is used twice counted once."""
    return sum(p.numel() for p in net.parameters())


def _path(name: str) -> list[str]:
    return name.split(".") if name else []
