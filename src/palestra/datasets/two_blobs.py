"""Two clouds of points in the plane, whose best classifier is known: beside each other, or one within the other.

Beside each other they have one shape, stretched along a diagonal, and a straight line is the best that there is. One
within the other they have one middle, and a circle is: no straight line does much better than chance.
"""

import math
from typing import Literal

import torch

from palestra.datasets.dataset import Split, Splits, register
from palestra.errors import require

Shape = Literal["beside", "within"]
CORRELATION = 0.6
"""Of the two coordinates of clouds beside each other, each of deviation 1."""
DISTANCE, SPREAD = 2.5, 3.0
"""Of the middles of clouds beside each other, in their deviations along the way; and how many times as wide as the
inner cloud the outer one is."""


def load(train: int = 500, validation: int = 500, test: int = 10_000, shape: str = "beside", seed: int = 0) -> Splits:
    """Points (N, 2) and which of the two clouds each is of, by turns.

    Args:
        train: rows to fit.
        validation: rows to choose by.
        test: rows to be judged on.
        shape: ``beside`` or ``within``.
        seed: of the points.
    """
    require(shape in ("beside", "within"), f"shape={shape!r}", "beside or within")
    rng, splits = torch.Generator().manual_seed(seed), {}
    for name, size in {"train": train, "validation": validation, "test": test}.items():
        require(size >= 2, f"{name}={size}", "2 rows or more, one a cloud")
        which = torch.arange(size) % 2
        points = torch.randn(size, 2, generator=rng)
        if shape == "within":
            points = points * torch.where(which == 0, 1.0, SPREAD)[:, None]
        else:
            x, y = points.unbind(1)
            y = CORRELATION * x + math.sqrt(1 - CORRELATION**2) * y
            points = torch.stack((x + middle(1) * (2 * which - 1), y), 1)
        splits[name] = Split(points, which)
    return splits


def middle(cloud: int) -> float:
    """Where the middle of a cloud beside the other is on the horizontal axis; its height is zero.

    Along that axis a cloud is narrower than it looks, once the other coordinate is known: sqrt(1 - rho^2).
    """
    return (2 * cloud - 1) * DISTANCE / 2 * math.sqrt(1 - CORRELATION**2)


def best_accuracy(shape: Shape) -> float:
    """What no classifier can surpass but by luck: 1 minus the Bayes error (Duda, Hart & Stork 2001, section 2.8).

    Beside each other Phi(distance / 2). Within, each point goes to the denser cloud, the inner one within the radius
    where r^2 / 2 (1 - 1 / s^2) = ln s^2.
    """
    if shape == "beside":
        return 0.5 * (1 + math.erf(DISTANCE / 2 / math.sqrt(2)))
    half_square = math.log(SPREAD**2) / (1 - SPREAD**-2)
    return 0.5 * (1 - math.exp(-half_square)) + 0.5 * math.exp(-half_square / SPREAD**2)


register("toy/two-blobs", load)
