"""Landscapes to walk down in, whose lowest points are known, and the walk."""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from palestra.ops.optimizers import Rule
from palestra.ops.shapes import check_rank


class Landscape(Protocol):
    """Heights over the points of a space."""

    def value(self, point: Tensor) -> Tensor:
        """(...) of points (..., D)."""

    def gradient(self, point_D: Tensor) -> Tensor:
        """(D,) the derivative at a point."""


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


class Banana(NamedTuple):
    """f(x, y) = (1 - x)^2 + b (y - x^2)^2, lowest at (1, 1), where it is zero (Rosenbrock 1960): a valley that bends.

    Into the valley it is steep, along it almost flat.
    """

    bend: float = 10.0
    """b."""

    def value(self, point: Tensor) -> Tensor:
        """(...) f of points (..., 2)."""
        x, y = point.unbind(-1)
        return (1 - x).square() + self.bend * (y - x.square()).square()

    def gradient(self, point_D: Tensor) -> Tensor:
        """(2,) its derivative."""
        x, y = point_D.unbind()
        off = y - x.square()
        return torch.stack((-2 * (1 - x) - 4 * self.bend * x * off, 2 * self.bend * off))


class Waves(NamedTuple):
    """f(x) = sum_i x_i^2 + h (1 - cos(pi x_i)): a bowl with dents, lowest at zero, where it is zero.

    After Rastrigin 1974, whose waves are half as long. With h = 3 there is a dent near every pair of even numbers.
    """

    height: float = 3.0
    """h, of the waves."""

    def value(self, point: Tensor) -> Tensor:
        """(...) f of points (..., D)."""
        return (point.square() + self.height * (1 - (math.pi * point).cos())).sum(-1)

    def gradient(self, point_D: Tensor) -> Tensor:
        """(D,) its derivative."""
        return 2 * point_D + self.height * math.pi * (math.pi * point_D).sin()


class Saddle(NamedTuple):
    """f(x, y) = (x^2 - 1)^2 / 4 + y^2 / 2, lowest at (-1, 0) and (1, 0), where it is zero.

    Between them lies a pass at zero, whose derivative is zero: who comes to it straight stays there.
    """

    def value(self, point: Tensor) -> Tensor:
        """(...) f of points (..., 2)."""
        x, y = point.unbind(-1)
        return (x.square() - 1).square() / 4 + y.square() / 2

    def gradient(self, point_D: Tensor) -> Tensor:
        """(2,) its derivative."""
        x, y = point_D.unbind()
        return torch.stack((x * (x.square() - 1), y))


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
