"""Optimizers compared: as many steps down a bowl, a valley and the loss of a network, each with the rate it likes best.

A rate is chosen for each rule and each landscape out of ``RATES``, by where it has come to in the end, as a user would:
else a comparison is one of rates.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.datasets.loader import Loader
from palestra.engine.seeding import generator
from palestra.ops.landscapes import Quadratic, turned, walked
from palestra.ops.optimizers import SGD, Adam, Momentum, RMSprop, Rule
from palestra.pictures.panels import Lines, Panel, Panels, Ways
from palestra.trials.lessons.lesson import Lesson

RULES: dict[str, Callable[[float], Rule]] = {"SGD": SGD, "momentum": Momentum, "RMSprop": RMSprop, "Adam": Adam}
"""Name to a rule with a rate."""
RATES = tuple(10 ** (exponent / 2) for exponent in range(-6, 2))
"""From 0.001 to 3.2."""
START = (-2.0, 0.5)
PLANE = {"bowl": turned(0.7, 0.7, 0.0), "valley": turned(1.0, 60.0, 30.0)}
"""Title to landscape: one as steep everywhere, and one that is sixty times as steep across as along."""
STEPS, NET_STEPS, BATCH, HIDDEN, CLASSES = 60, 200, 64, 32, 10
LOOK = 10
"""Steps of a network between looks at its loss."""


class Best(NamedTuple):
    """A rule with the rate that brought it lowest."""

    rate: float
    points: Tensor
    """(steps + 1, D)."""
    value: float
    """Where it ended, in the landscape's height."""


def best(rule: Callable[[float], Rule], walk: Callable[[Rule], Tensor], height: Callable[[Tensor], float]) -> Best:
    """Try a rule with every rate; what is no number any more counts as infinitely high."""
    tried = []
    for rate in RATES:
        points = walk(rule(rate))
        value = height(points)
        tried.append(Best(rate, points, value if math.isfinite(value) else math.inf))
    return min(tried, key=lambda each: each.value)


def lesson(seed: int) -> Lesson:
    """Four rules on three landscapes."""
    on_plane = {title: on_quadratic(landscape) for title, landscape in PLANE.items()}
    walk, height = digits_loss(seed)
    on_net = {name: best(rule, walk, height) for name, rule in RULES.items()}
    steps, looked = torch.arange(STEPS + 1).numpy(), range(0, NET_STEPS + 1, LOOK)
    valley = {name: (steps, PLANE["valley"].value(way.points).numpy()) for name, way in on_plane["valley"].items()}
    net = {
        name: (torch.tensor(looked).numpy(), torch.tensor([height(way.points[: step + 1]) for step in looked]).numpy())
        for name, way in on_net.items()
    }
    panels: list[Panel] = [_ways(title, PLANE[title], found) for title, found in on_plane.items()]
    panels.append(Lines("height in the valley", "steps", valley, logarithmic=True))
    panels.append(Lines("a network on digits: loss of all rows", "steps", net, logarithmic=True))
    every = (*on_plane.values(), on_net)
    rows: list[list[str | float]] = [
        [name, *(part for found in every for part in (found[name].rate, found[name].value))] for name in RULES
    ]
    said = (
        f"where each is after {STEPS} steps, in the network after {NET_STEPS} of {BATCH} rows; each with the best of"
        f" {len(RATES)} rates from {RATES[0]:g} to {RATES[-1]:.2g}"
    )
    columns = ("rule", "rate", "bowl", "rate", "valley", "rate", "network")
    return Lesson(columns, rows, said, Panels("optimizers", said, panels, columns=2))


def on_quadratic(landscape: Quadratic) -> dict[str, Best]:
    """Every rule from ``START``; with a rate that leads above the beginning it counts as infinitely high."""
    start = torch.tensor(START, dtype=torch.float64)

    def walk(rule: Rule) -> Tensor:
        return walked(rule, lambda point, _: landscape.gradient(point), start, STEPS)

    def height(points: Tensor) -> float:
        heights = landscape.value(points)
        return float(heights[-1]) if bool((heights <= heights[0]).all()) else math.inf

    return {name: best(rule, walk, height) for name, rule in RULES.items()}


def digits_loss(seed: int) -> tuple[Callable[[Rule], Tensor], Callable[[Tensor], float]]:
    """A walk over a network's parameters as one vector, from one beginning and over one order of batches; its height.

    The height is the cross-entropy of all training rows of ``digits``.
    """
    split = Dataset("digits").load()["train"]
    assert split.targets is not None  # digits
    rows, labels = split.inputs.flatten(1).float() / 16, split.targets
    features, rng, loader = rows.shape[1], generator(seed, "lesson", "weights"), Loader(split, BATCH, seed=seed)
    shapes = ((HIDDEN, features), (HIDDEN,), (CLASSES, HIDDEN), (CLASSES,))
    drawn = [torch.randn(shape, generator=rng) * (2 / shape[-1]) ** 0.5 * (len(shape) > 1) for shape in shapes]
    start = torch.cat([each.flatten() for each in drawn])

    def loss(point: Tensor, x: Tensor, y: Tensor) -> Tensor:
        parts = point.split([math.prod(shape) for shape in shapes])
        first, first_bias, last, last_bias = (part.view(shape) for part, shape in zip(parts, shapes))
        return F.cross_entropy(F.linear(F.linear(x, first, first_bias).relu(), last, last_bias), y)

    def gradient(point: Tensor, step: int) -> Tensor:
        images, y = loader.batch(step)
        assert y is not None  # digits
        leaf = point.detach().requires_grad_()
        (found,) = torch.autograd.grad(loss(leaf, images.flatten(1).float() / 16, y), leaf)
        return found

    def walk(rule: Rule) -> Tensor:
        return walked(rule, gradient, start, NET_STEPS)

    def height(points: Tensor) -> float:
        with torch.no_grad():
            return float(loss(points[-1], rows, labels))

    return walk, height


def _ways(title: str, landscape: Quadratic, found: dict[str, Best]) -> Ways:
    x, y = torch.linspace(-2.9, 2.9, 121, dtype=torch.float64), torch.linspace(-2.0, 2.0, 121, dtype=torch.float64)
    height = landscape.value(torch.stack(torch.meshgrid(x, y, indexing="xy"), -1))
    return Ways(title, x.numpy(), y.numpy(), height.numpy(), {name: way.points.numpy() for name, way in found.items()})
