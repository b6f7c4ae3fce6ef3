"""What numbers and gradients are like, layer by layer, before anything is learned: whether they vanish or explode.

With n inputs to each unit, weights of variance s^2 and inputs of mean square m, the mean square of what comes out of a
linear layer is n s^2 m; ReLU halves it. He et al. 2015 keep it with s^2 = 2 / n (eq. 10), Glorot & Bengio 2010 through
layers that are all but linear, there and back, with s^2 = 2 / (n + n') (eq. 16).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Generator, Tensor, nn

Activation = Literal["linear", "relu", "tanh", "sigmoid"]
Scheme = Callable[[Tensor, Generator], Tensor]
"""Fills a matrix (out, in) with weights from a generator, and returns it."""

_MADE: dict[Activation, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
FLAT = 0.05
"""A unit is saturated where its activation lets less than this share of its largest derivative through."""


class LayerStatistics(NamedTuple):
    """Of what comes out of one layer's activation, over all its units and all rows."""

    mean: float
    deviation: float
    saturated: float
    """Share of the units' answers at which hardly any gradient comes through: of ReLU the zeros."""
    dead: float
    """Share of the units at which it does for none of the rows."""
    gradient: float
    """Deviation of the gradient by these numbers."""


def deep(sizes: Sequence[int], activation: Activation, scheme: Scheme, generator: Generator) -> nn.Sequential:
    """A network of linear layers without biases, each behind the other with an activation.

    Args:
        sizes: of the inputs and of each layer.
        activation: behind each layer.
        scheme: how weights are drawn.
        generator: from which.
    """
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        linear = nn.utils.skip_init(nn.Linear, fan_in, fan_out, bias=False)
        with torch.no_grad():
            scheme(linear.weight, generator)
        layers.append(nn.Sequential(linear, _MADE[activation]()))
    return nn.Sequential(*layers)


def layer_statistics(net: nn.Sequential, x_BF: Tensor, to_output_BK: Tensor) -> list[LayerStatistics]:
    """Of each layer of a network as ``deep`` makes it.

    Args:
        net: which.
        x_BF: rows that go in.
        to_output_BK: the gradient that comes back to what the last layer gives.
    """
    given_BK, answers, slopes = x_BF, [], []
    for layer in net:
        linear, activation = layer.children()
        before_BK = linear(given_BK)
        given_BK = activation(before_BK)
        given_BK.retain_grad()
        answers.append(given_BK)
        slopes.append(_slope(activation, before_BK.detach()))
    given_BK.backward(to_output_BK)
    found = []
    for answer_BK, slope_BK in zip(answers, slopes):
        assert answer_BK.grad is not None
        flat_BK = slope_BK < FLAT
        found.append(
            LayerStatistics(
                float(answer_BK.detach().mean()), float(answer_BK.detach().std()), float(flat_BK.double().mean()),
                float(flat_BK.all(0).double().mean()), float(answer_BK.grad.std()),
            )
        )  # fmt: skip
    net.zero_grad()
    return found


def _slope(activation: nn.Module, x_BK: Tensor) -> Tensor:
    """The derivative as a share of its largest."""
    match activation:
        case nn.ReLU():
            return (x_BK > 0).to(x_BK.dtype)
        case nn.Tanh():
            return 1 - x_BK.tanh().square()
        case nn.Sigmoid():
            return 4 * x_BK.sigmoid() * (1 - x_BK.sigmoid())
    return torch.ones_like(x_BK)
