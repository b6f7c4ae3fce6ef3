"""Points of the plane to begin with, between -1 and 1 on both axes: clouds, rings, moons, spirals, each from a seed.

A function gives (N, 2) float64 and the cloud (N,) that each point is of.
"""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

Points = tuple[Tensor, Tensor]
"""(N, 2) and (N,) int64."""


def around(middles: list[tuple[float, float]], spread: float, count: int, rng: Generator) -> Points:
    """Round clouds about some middles, by turns."""
    which = torch.arange(count) % len(middles)
    noise = spread * torch.randn(count, 2, generator=rng, dtype=torch.float64)
    return torch.tensor(middles, dtype=torch.float64)[which] + noise, which


def circle(of: int, radius: float) -> list[tuple[float, float]]:
    """Middles on a circle."""
    angles = [2 * math.pi * (i / of + 0.25) for i in range(of)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def long(count: int, rng: Generator) -> Points:
    """Two long clouds, one above the other."""
    which = torch.arange(count) % 2
    across = torch.rand(count, generator=rng, dtype=torch.float64) * 1.8 - 0.9
    up = (0.4 * which - 0.2) + 0.05 * torch.randn(count, generator=rng, dtype=torch.float64)
    return torch.stack((across, up), 1), which


def rings(count: int, noise: float, rng: Generator) -> Points:
    """A cloud in the middle, and a ring around it."""
    which = torch.arange(count) % 2
    angle = 2 * math.pi * torch.rand(count, generator=rng, dtype=torch.float64)
    far = torch.where(which == 1, 0.75, 0.0) + (0.04 + 0.15 * noise) * torch.randn(
        count, generator=rng, dtype=torch.float64
    )
    near = 0.25 * torch.rand(count, generator=rng, dtype=torch.float64).sqrt()
    radius = torch.where(which == 1, far, far + near)
    return torch.stack((radius * angle.cos(), radius * angle.sin()), 1), which


def moons(count: int, noise: float, rng: Generator) -> Points:
    """Two half circles that reach into one another."""
    which = torch.arange(count) % 2
    angle = math.pi * torch.rand(count, generator=rng, dtype=torch.float64)
    side = 1 - 2 * which
    x, y = 0.6 * (side * angle.cos() + which - 0.5), 0.6 * side * angle.sin() + 0.3 * which - 0.15
    spread = 0.04 + 0.2 * noise
    return torch.stack((x, y), 1) + spread * torch.randn(count, 2, generator=rng, dtype=torch.float64), which


def spirals(count: int, noise: float, rng: Generator) -> Points:
    """Two arms of a spiral, a turn and a half each."""
    which = torch.arange(count) % 2
    along = 0.1 + 0.9 * torch.rand(count, generator=rng, dtype=torch.float64).sqrt()
    angle = 3 * math.pi * along + math.pi * which
    points = 0.9 * along[:, None] * torch.stack((angle.cos(), angle.sin()), 1)
    return points + (0.01 + 0.1 * noise) * torch.randn(count, 2, generator=rng, dtype=torch.float64), which


def corners(count: int, noise: float, rng: Generator) -> Points:
    """Four squares, of which those across from each other belong together: exclusive or."""
    points = 1.8 * torch.rand(count, 2, generator=rng, dtype=torch.float64) - 0.9
    points = points + 0.06 * points.sign()
    which = (points[:, 0] * points[:, 1] < 0).long()
    return points + 0.3 * noise * torch.randn(count, 2, generator=rng, dtype=torch.float64), which


CLASSES: dict[str, Callable[[int, float, Generator], Points]] = {
    "two": lambda count, noise, rng: around([(-0.45, -0.3), (0.45, 0.3)], 0.15 + 0.4 * noise, count, rng),
    "three": lambda count, noise, rng: around(circle(3, 0.55), 0.13 + 0.4 * noise, count, rng),
    "rings": rings,
    "moons": moons,
    "corners": corners,
    "spirals": spirals,
}
"""Name to points with classes, given how many, how noisy from 0 to 1, and the luck."""
GROUPS: dict[str, Callable[[int, Generator], Points]] = {
    "three": lambda count, rng: around(circle(3, 0.55), 0.13, count, rng),
    "five": lambda count, rng: around(circle(5, 0.65), 0.09, count, rng),
    "long": long,
    "rings": lambda count, rng: rings(count, 0.0, rng),
    "none": lambda count, rng: (
        1.8 * torch.rand(count, 2, generator=rng, dtype=torch.float64) - 0.9,
        torch.zeros(count, dtype=torch.int64),
    ),
}
"""Name to points without classes, given how many and the luck."""
