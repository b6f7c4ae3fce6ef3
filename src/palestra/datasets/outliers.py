"""Outliers: points of a Gaussian in the plane among a few from anywhere, of which the best F1 is known."""

import math

import torch

from palestra.datasets.dataset import Split, Splits, register
from palestra.errors import require

SHARE = 0.05
"""Of the rows that are outliers."""
MIDDLE, DEVIATION = (2.0, -1.0), (1.0, 0.25)
"""Of what is normal, along either axis, which have nothing to do with each other."""
REACH = 6.0
"""Deviations to either side of the middle, within which outliers are anywhere."""


def load(train: int = 1_000, validation: int = 1_000, test: int = 10_000, seed: int = 0) -> Splits:
    """Points (N, 2) and whether each is an outlier, 1, as every twentieth is.

    Args:
        train: rows to fit.
        validation: rows to choose by.
        test: rows to be judged on.
        seed: of the points.
    """
    rng, splits = torch.Generator().manual_seed(seed), {}
    for name, size in {"train": train, "validation": validation, "test": test}.items():
        require(size >= 20, f"{name}={size}", "20 rows or more, for an outlier")
        which = (torch.arange(size) % round(1 / SHARE) == 0).long()
        normal = torch.randn(size, 2, generator=rng)
        anywhere = REACH * (2 * torch.rand(size, 2, generator=rng) - 1)
        points = torch.where(which[:, None] == 1, anywhere, normal) * torch.tensor(DEVIATION) + torch.tensor(MIDDLE)
        splits[name] = Split(points, which)
    return splits


def best_f1() -> float:
    """The most that anybody can expect who knows both densities and names what is less probable than some epsilon.

    That is what lies outside an ellipse of r deviations: exp(-r^2 / 2) of what is normal, and of outliers
    1 - pi r^2 / (2 REACH)^2.
    """
    return max(_f1(0.001 * step) for step in range(1, int(1_000 * REACH)))


def _f1(radius: float) -> float:
    hits = SHARE * (1 - math.pi * radius**2 / (2 * REACH) ** 2)
    alarms = (1 - SHARE) * math.exp(-(radius**2) / 2)
    return 2 * hits / (hits + alarms + SHARE)


register("toy/outliers", load)
