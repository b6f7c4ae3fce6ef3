"""How large the weights of a network are, layer by layer, and the gradients that move them.

Adam keeps the running means m of each gradient and v of its square. Freed of their beginning at 0 (Kingma & Ba 2015,
section 3), the root of the mean of v says how large gradients have lately been, and eta m / (sqrt(v) + eps) is the step
that it makes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from palestra.engine.exhibit import Exhibit
from palestra.engine.state import Part, declared, holds_parts
from palestra.nets.adam import ClippedAdam, FlatOptimizer

MOST = 80
"""Layers that are told of, from the first on."""
_BETA1, _BETA2 = 0.9, 0.999
"""Of ``ClippedAdam``."""


@dataclass(frozen=True)
class Layers(Exhibit):
    """Root mean squares, a layer's each."""

    names: list[str]
    """Of the matrices and kernels; biases are left out."""
    sizes: list[int]
    """Numbers in each."""
    weights: list[float]
    """Of its numbers."""
    gradients: list[float | None]
    """Of its gradients lately; None where its optimizer keeps no mean of them."""
    changes: list[float | None]
    """Of the change that a step makes, as a share of the weights."""


def layers_of(learner: object) -> Layers | None:
    """Of all networks that a learner's optimizers move; None where there are none."""
    names, optimizers = dict[int, str](), list[FlatOptimizer]()
    for place, value in _held(learner, ""):
        if isinstance(value, nn.Module):
            for name, parameter in value.named_parameters():
                names.setdefault(id(parameter), f"{place}.{name}")
        elif value not in optimizers:
            optimizers.append(value)
    rows = [row for optimizer in optimizers for row in _rows(optimizer, names)][:MOST]
    if not rows:
        return None
    titles, sizes, weights, gradients, changes = (list(column) for column in zip(*rows))
    return Layers("Its weights, layer by layer", _shortened(titles), sizes, weights, gradients, changes)


def _held(value: object, place: str) -> Iterator[tuple[str, nn.Module | FlatOptimizer]]:
    """The networks and optimizers that a part declares, each with where it stands."""
    match value:
        case nn.Module() | FlatOptimizer():
            yield place, value
        case Part():
            for name in declared(value):
                yield from _held(getattr(value, name), f"{place}.{name}")
        case dict() if holds_parts(value.values()):
            for name, item in value.items():
                yield from _held(item, f"{place}.{name}")
        case list() | tuple() if holds_parts(value):
            for i, item in enumerate(value):
                yield from _held(item, f"{place}.{i}")


def _rows(
    optimizer: FlatOptimizer, names: dict[int, str]
) -> Iterator[tuple[str, int, float, float | None, float | None]]:
    moments = _moments(optimizer)
    begin = 0
    for parameter in optimizer.parameters:
        part = slice(begin, begin + parameter.numel())
        begin = part.stop
        if parameter.dim() < 2 or id(parameter) not in names:
            continue
        weight = _size(parameter.detach())
        gradient = change = None
        if moments is not None:
            square, step = moments[0][part], moments[1][part]
            gradient = float(square.mean().sqrt())
            change = _size(step) / weight if weight else None
        yield names[id(parameter)], parameter.numel(), weight, gradient, change


def _moments(optimizer: FlatOptimizer) -> tuple[Tensor, Tensor] | None:
    """Mean squares of the gradients, and the step that they make; None where they are not kept, or not yet there."""
    if not isinstance(optimizer, ClippedAdam) or not optimizer.steps:
        return None
    steps = float(optimizer.steps)
    square = optimizer.square / (1 - _BETA2**steps)
    mean = optimizer.mean / (1 - _BETA1**steps)
    return square, optimizer.learning_rate * mean / (square.sqrt() + optimizer.eps)


def _size(values: Tensor) -> float:
    """The root of the mean square."""
    return float(torch.linalg.vector_norm(values.double()) / max(1, values.numel()) ** 0.5)


def _shortened(places: list[str]) -> list[str]:
    """Places without what all of them begin with, nor the word weight."""
    parts = [[part for part in place.split(".") if part not in ("", "weight", "weights")] for place in places]
    while len(parts) > 1 and all(len(part) > 1 for part in parts) and len({part[0] for part in parts}) == 1:
        parts = [part[1:] for part in parts]
    return [".".join(part) for part in parts]
