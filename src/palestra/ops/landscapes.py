"""Landscapes to walk down in, whose lowest point is known, and the walk."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from palestra.ops.optimizers import Rule
from palestra.ops.shapes import check_rank


class Quadratic(NamedTuple):
    """f(x) = 1/2 x' A x, lowest at zero; the larger the ratio of the curvatures, the narrower the valley.

    Straight down from x with a rate eta, step t stands at (I - eta A)^t x: it converges below eta = 2 / (the largest
    curvature), and then as slowly as the smallest one allows.
    """

    curvature_DD: Tensor
    """A, symmetric, with eigenvalues above zero."""

    def value(self, point: Tensor) -> Tensor:
        """(...) f of points (..., D)."""
        return 0.5 * (point @ self.curvature_DD * point).sum(-1)

    def gradient(self, point_D: Tensor) -> Tensor:
        """(D,) its derivative."""
        return self.curvature_DD @ point_D


def turned(along: float, across: float, degrees: float) -> Quadratic:
    """A landscape in the plane with these curvatures, the first along a direction that is turned from the horizontal.

    A valley along an axis would be no valley to rules with a rate for each number.
    """
    angle = math.radians(degrees)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], dtype=torch.float64)
    return Quadratic(turn @ torch.tensor([along, across], dtype=torch.float64).diag() @ turn.T)


def walked(rule: Rule, gradient: Callable[[Tensor, int], Tensor], start_D: Tensor, steps: int) -> Tensor:
    """(steps + 1, D) where a rule goes from a point, itself first.

    Args:
        rule: how it goes.
        gradient: of a point, and of the number of the step, from 0: each may see another batch.
        start_D: the point.
        steps: how many.
    """
    check_rank(1, start_D=start_D)
    points, memory = [start_D], rule.begin(start_D)
    for step in range(steps):
        point_D, memory = rule.step(points[-1], gradient(points[-1], step), memory)
        points.append(point_D)
    return torch.stack(points)
