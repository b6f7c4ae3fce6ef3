"""How large the weights of a network are, layer by layer, the gradients that move them, and what comes out of them.

Adam keeps the running means m of each gradient and v of its square. Freed of their beginning at 0 (Kingma & Ba 2015,
section 3), the root of the mean of v says how large gradients have lately been, and eta m / (sqrt(v) + eps) is the step
that it makes. What comes out is watched while a batch passes that is the same at every checkpoint.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.state import Part, declared, holds_parts
from palestra.nets.activations import Activity, Watch
from palestra.nets.adam import ClippedAdam, FlatOptimizer
from palestra.pictures.layers import Layers
from palestra.trials.probe import send_probe

MOST = 80
"""Layers that are told of, from the first on."""
_BETA1, _BETA2 = 0.9, 0.999
"""Of ``ClippedAdam``."""


def exhibits_of(learner: Learner) -> list[Exhibit]:
    """All that a learner has to show: what it says itself, and its networks layer by layer."""
    layers = layers_of(learner)
    return [*learner.exhibits(), *([] if layers is None else [layers])]


def layers_of(learner: Learner) -> Layers | None:
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
    parameters, sizes, weights, gradients, changes = (list(column) for column in zip(*rows))
    titles = [names[id(parameter)] for parameter in parameters]
    seen = _activities(learner, dict(zip(titles, parameters)), optimizers)
    found = [seen.get(title, Activity(None, None, None)) for title in titles]
    activations, flat, dead = (list(column) for column in zip(*found))
    title = "Its networks, layer by layer"
    return Layers(title, _shortened(titles), sizes, weights, gradients, changes, activations, flat, dead)


def _activities(learner: Learner, weights: dict[str, Tensor], optimizers: list[FlatOptimizer]) -> dict[str, Activity]:
    """What comes out of the layers that a batch passes."""
    with torch.no_grad(), Watch(weights, (each for optimizer in optimizers for each in optimizer.parameters)) as seen:
        send_probe(learner)
    found: dict[str, Activity] = seen.found
    return found


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
) -> Iterator[tuple[Tensor, int, float, float | None, float | None]]:
    moments = _moments(optimizer)
    begin = 0
    for parameter in optimizer.parameters:
        part = slice(begin, begin + parameter.numel())
        begin = part.stop
        name = names.get(id(parameter), "")
        if parameter.dim() < 2 or not name or "biases" in name.split("."):  # of several networks, they are matrices too
            continue
        weight = _size(parameter.detach())
        gradient = change = None
        if moments is not None:
            square, step = moments[0][part], moments[1][part]
            gradient = float(square.mean().sqrt())
            change = _size(step) / weight if weight else None
        yield parameter, parameter.numel(), weight, gradient, change


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
