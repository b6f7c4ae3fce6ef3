"""Distribution shift: three worlds whose truth is known change in three ways; each is named, and each has its remedy.

A straight line is learned from rows of before and meets rows of after. Every remedy is tried on every change: weights
for inputs (logistic regression), weights for classes (the confusion matrix), and learning anew from a few rows.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from palestra.engine.seeding import generator
from palestra.ops.logistic import Logistic, logistic_fit
from palestra.ops.shift import diagnose_shift, importance_weights, label_weights
from palestra.pictures.panels import Bars, Lines, Panel, Panels
from palestra.trials.lessons.lesson import Lesson

ROWS, NEW, JUDGED = 2_000, 200, 10_000
"""Rows of before and of after, rows of after whose labels are seen, and rows of after that errors are counted on."""
FREQUENT = 0.9
"""Of the first class, after its share has shifted from a half."""
TURN = math.radians(70)
"""By which the line between the classes turns, where the concept shifts."""
REMEDIES = ("none", "input weights", "class weights", "new labels", "the truth")


class World(NamedTuple):
    """Rows of before and after, from which one can have as many as one likes."""

    draw: Callable[[int, bool, Generator], tuple[Tensor, Tensor]]
    """How many, whether after, from which generator: to points (n, 2) and classes (n,) 0 or 1."""
    truth: Callable[[Tensor], Tensor]
    """(n,) the more likely class of each point, after."""


def _covariate(count: int, after: bool, rng: Generator) -> tuple[Tensor, Tensor]:
    """The classes part along a parabola; after, only one side of it is seen, where it is steep."""
    points = torch.randn(count, 2, generator=rng, dtype=torch.float64)
    points = (
        points * torch.tensor([0.5, 1.0]) + torch.tensor([1.5, 2.25]) if after else points + torch.tensor([0.0, 1.0])
    )
    noise = 0.3 * torch.randn(count, generator=rng, dtype=torch.float64)
    return points, (points[:, 1] + noise > points[:, 0].square()).long()


def _label(count: int, after: bool, rng: Generator) -> tuple[Tensor, Tensor]:
    """Two round clouds; after, the first has more of the points."""
    share = FREQUENT if after else 0.5
    which = (torch.rand(count, generator=rng) >= share).long()
    points = torch.randn(count, 2, generator=rng, dtype=torch.float64)
    points[:, 0] += 2.0 * which - 1.0
    return points, which


def _concept(count: int, after: bool, rng: Generator) -> tuple[Tensor, Tensor]:
    """One round cloud that a line parts; after, the line is another."""
    points = torch.randn(count, 2, generator=rng, dtype=torch.float64)
    noise = 0.3 * torch.randn(count, generator=rng, dtype=torch.float64)
    return points, (points @ _normal(after) + noise > 0).long()


def _normal(after: bool) -> Tensor:
    angle = TURN if after else 0.0
    return torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)


WORLDS = {
    "covariate": World(_covariate, lambda points: points[:, 1] > points[:, 0].square()),
    # 2 x is the log-odds of clouds at 1 and -1 that are as frequent.
    "label": World(_label, lambda points: 2 * points[:, 0] > math.log(FREQUENT / (1 - FREQUENT))),
    "concept": World(_concept, lambda points: points @ _normal(after=True) > 0),
}
"""What changes, to a world in which it does."""


def lesson(seed: int) -> Lesson:
    """Three changes, their names, and what becomes of errors."""
    rows: list[tuple[str | float, ...]] = []
    panels: list[Panel] = []
    for name, world in WORLDS.items():
        rng = generator(seed, "lesson", name)
        before, after = world.draw(ROWS, False, rng), world.draw(ROWS, True, rng)
        kind = diagnose_shift(*before, *after).kind
        home, found = errors(world, before, after, rng)
        rows.append((name, kind, home, *found.values()))
        panels.append(Bars(f"{name} shift, diagnosed as {kind}", REMEDIES, {"share of errors": [*found.values()]}))
    panels.append(_weights(seed))
    said = (
        "share of errors after the change: without a remedy, with rows weighed, with classes weighed,"
        f" learned anew from {NEW} rows, and of the truth itself"
    )
    return Lesson(("shift", "diagnosed", "at home", *REMEDIES), rows, said, Panels("shift", said, panels, columns=2))


def errors(
    world: World, before: tuple[Tensor, Tensor], after: tuple[Tensor, Tensor], rng: Generator
) -> tuple[float, dict[str, float]]:
    """Share of errors at home, and after the change by remedy."""
    (points, which), (later, later_which) = before, after
    home, judged = world.draw(JUDGED, False, rng), world.draw(JUDGED, True, rng)
    plain = fitted(points, which)

    def wrong(said: Tensor) -> float:
        return float((said.long() != judged[1]).double().mean())

    weighed = fitted(points, which, importance_weights(points, later))
    return float((said(plain, home[0]) != home[1]).double().mean()), {
        "none": wrong(said(plain, judged[0])),
        "input weights": wrong(said(weighed, judged[0])),
        "class weights": wrong(said(plain, judged[0], class_weights(plain, points, which, later))),
        "new labels": wrong(said(fitted(later[:NEW], later_which[:NEW]), judged[0])),
        "the truth": wrong(world.truth(judged[0])),
    }


def fitted(points: Tensor, which: Tensor, row_weights: Tensor | None = None) -> Logistic:
    """A straight line."""
    return logistic_fit(_with_one(points), which, row_weights)


def said(line: Logistic, points: Tensor, weights: Tensor | None = None) -> Tensor:
    """The class of each point, if classes have become so many times as frequent."""
    odds = line.log_odds(_with_one(points))
    if weights is not None:
        odds = odds + (weights[1] / weights[0]).log()
    return (odds > 0).long()


def class_weights(line: Logistic, points: Tensor, which: Tensor, later: Tensor) -> Tensor:
    """(2,) of classes, by what the line says of points whose classes are known, and of later ones."""
    taken, seen = said(line, points), said(line, later)
    confusion = torch.bincount(2 * taken + which, minlength=4).reshape(2, 2) / len(points)
    return label_weights(confusion, torch.bincount(seen, minlength=2) / len(seen)).clamp(min=1e-3)


def _with_one(points: Tensor) -> Tensor:
    return torch.cat([points.new_ones(len(points), 1), points], 1)


def _weights(seed: int) -> Lines:
    """Weights of inputs beside the true ratio of densities, along the coordinate that changes most."""
    rng = generator(seed, "lesson", "weights")
    before, after = (_covariate(ROWS, later, rng)[0][:, :1] for later in (False, True))
    order = before[:, 0].argsort()
    places, found = before[order, 0], importance_weights(before, after)[order]
    true = (
        torch.distributions.Normal(1.5, 0.5).log_prob(places) - torch.distributions.Normal(0.0, 1.0).log_prob(places)
    ).exp()
    lines = {"estimated": (places.numpy(), found.numpy()), "true": (places.numpy(), true.numpy())}
    return Lines("weights of inputs", "first coordinate", lines)
