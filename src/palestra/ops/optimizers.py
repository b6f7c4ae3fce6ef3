"""Four ways down a gradient, from scratch: where a step leads, and what is remembered for the next one.

    rule = Adam(learning_rate=1e-3)
    memory = rule.begin(point_D)
    point_D, memory = rule.step(point_D, gradient_D, memory)

A rule is its settings and holds no state; a point may have any shape. Each is ``torch.optim``'s of the same name, whose
fast twins for networks are in ``palestra.nets.adam`` and ``palestra.nets.rmsprop``.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from palestra.ops.shapes import check_same_shape


class Memory(NamedTuple):
    """What a rule remembers from one step to the next."""

    steps: int
    """That were taken."""
    moments: tuple[Tensor, ...]
    """Running means of the gradient or of its square, each of the point's shape."""


class Rule(Protocol):
    """A way down."""

    def begin(self, point_D: Tensor) -> Memory:
        """What is remembered before the first step from a point."""

    def step(self, point_D: Tensor, gradient_D: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Where a step down the gradient leads, and what is remembered then."""


@dataclass(frozen=True)
class SGD:
    """Straight down: x <- x - eta g (Robbins & Monro 1951)."""

    learning_rate: float
    """Eta."""

    def begin(self, point_D: Tensor) -> Memory:
        """Nothing."""
        return Memory(0, ())

    def step(self, point_D: Tensor, gradient_D: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """One step."""
        check_same_shape(point=point_D, gradient=gradient_D)
        return point_D - self.learning_rate * gradient_D, Memory(memory.steps + 1, ())


@dataclass(frozen=True)
class Momentum:
    """A ball that rolls (Polyak 1964), in the form of Sutskever et al. 2013 whose velocity has the gradient's scale.

    v <- mu v + g
    x <- x - eta v,  or with ``nesterov`` x <- x - eta (g + mu v): the velocity after the next gradient, foreseen
    """

    learning_rate: float
    """Eta."""
    momentum: float = 0.9
    """Mu: gradients count 1 / (1 - mu) steps long."""
    nesterov: bool = False
    """Whether the step looks ahead."""

    def begin(self, point_D: Tensor) -> Memory:
        """A ball at rest."""
        return Memory(0, (torch.zeros_like(point_D),))

    def step(self, point_D: Tensor, gradient_D: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """One step."""
        check_same_shape(point=point_D, gradient=gradient_D)
        velocity_D = self.momentum * memory.moments[0] + gradient_D
        way_D = gradient_D + self.momentum * velocity_D if self.nesterov else velocity_D
        return point_D - self.learning_rate * way_D, Memory(memory.steps + 1, (velocity_D,))


@dataclass(frozen=True)
class RMSprop:
    """A rate of its own for every number (Tieleman & Hinton 2012, lecture 6.5): steep ones go in smaller steps.

    s <- rho s + (1 - rho) g^2
    x <- x - eta g / (sqrt(s) + eps)

    s begins at zero, so that the first steps are the longest: 1 / sqrt(1 - rho) times those that follow.
    """

    learning_rate: float
    """Eta."""
    decay: float = 0.99
    """Rho, of the mean of squares."""
    eps: float = 1e-8
    """Against division by zero."""

    def begin(self, point_D: Tensor) -> Memory:
        """No gradient yet."""
        return Memory(0, (torch.zeros_like(point_D),))

    def step(self, point_D: Tensor, gradient_D: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """One step."""
        check_same_shape(point=point_D, gradient=gradient_D)
        square_D = self.decay * memory.moments[0] + (1 - self.decay) * gradient_D.square()
        point_D = point_D - self.learning_rate * gradient_D / (square_D.sqrt() + self.eps)
        return point_D, Memory(memory.steps + 1, (square_D,))


@dataclass(frozen=True)
class Adam:
    """Momentum and a rate of its own for every number (Kingma & Ba 2015, algorithm 1).

    m <- beta1 m + (1 - beta1) g,  s <- beta2 s + (1 - beta2) g^2
    x <- x - eta m^ / (sqrt(s^) + eps)  with  m^ = m / (1 - beta1^t),  s^ = s / (1 - beta2^t)

    The hats take back that both means began at zero: the first step is eta long in every number.
    """

    learning_rate: float
    """Eta."""
    beta1: float = 0.9
    """Of the mean of gradients."""
    beta2: float = 0.999
    """Of the mean of squares."""
    eps: float = 1e-8
    """Against division by zero."""

    def begin(self, point_D: Tensor) -> Memory:
        """No gradient yet."""
        return Memory(0, (torch.zeros_like(point_D), torch.zeros_like(point_D)))

    def step(self, point_D: Tensor, gradient_D: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """One step."""
        check_same_shape(point=point_D, gradient=gradient_D)
        steps, (mean_D, square_D) = memory.steps + 1, memory.moments
        mean_D = self.beta1 * mean_D + (1 - self.beta1) * gradient_D
        square_D = self.beta2 * square_D + (1 - self.beta2) * gradient_D.square()
        unbiased_mean_D, unbiased_square_D = mean_D / (1 - self.beta1**steps), square_D / (1 - self.beta2**steps)
        point_D = point_D - self.learning_rate * unbiased_mean_D / (unbiased_square_D.sqrt() + self.eps)
        return point_D, Memory(steps, (mean_D, square_D))
