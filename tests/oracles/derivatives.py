"""Derivatives by numerical differences, to hold closed forms against."""

from collections.abc import Callable

import torch
from torch import Tensor

from palestra.ops.terms import Term, differentiate


def samples(num: int = 40) -> list[Tensor]:
    rng = torch.Generator().manual_seed(0)
    return list(torch.randn(4, num, generator=rng, dtype=torch.float64))


def slope(term: Term, output: Tensor) -> Tensor:
    """The derivative of a term at an output, as the optimizer finds it."""
    return differentiate(term, lambda _: False).at[id(output)]


def numerical(loss: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-6) -> Tensor:
    """Central differences of a scalar function: no derivative of anybody's is asked."""
    found = torch.zeros_like(x)
    for i in range(x.numel()):
        step = torch.zeros_like(x).view(-1)
        step[i] = h
        step = step.view_as(x)
        found.view(-1)[i] = (loss(x + step) - loss(x - step)) / (2 * h)
    return found
