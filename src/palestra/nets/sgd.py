"""Stochastic gradient descent over one flat vector, with momentum or without, as :mod:`palestra.nets.adam` has it."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from palestra.nets.adam import FlatOptimizer


class SGD(FlatOptimizer):
    """``torch.optim.SGD``: v <- mu v + g, x <- x - eta v (Sutskever et al. 2013).

    Weight decay is part of the gradient, as of a loss with lambda / 2 |w|^2 in it.

    Args:
        modules: whose parameters to train.
        learning_rate: eta.
        momentum: mu; with 0 a step is straight down.
        nesterov: whether the step looks ahead, to g + mu v.
        max_grad_norm: gradients are scaled down to this Euclidean norm.
        weight_decay: lambda, of matrices and kernels alone.
    """

    saves = ("velocity",)

    def __init__(
        self,
        modules: Iterable[nn.Module],
        learning_rate: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        max_grad_norm: float = math.inf,
        weight_decay: float = 0.0,
    ):
        super().__init__(modules, learning_rate, max_grad_norm=max_grad_norm, weight_decay=weight_decay)
        self.momentum, self.nesterov = momentum, nesterov
        self.velocity = torch.zeros_like(self.flat) if momentum else self.flat.new_zeros(0)

    def _move(self) -> None:
        way = self.gradient
        if self.decay is not None:
            way.addcmul_(self.flat, self.decay)
        if self.momentum:
            self.velocity.mul_(self.momentum).add_(way)
            way = way.add_(self.velocity, alpha=self.momentum) if self.nesterov else self.velocity
        self.flat.add_(way, alpha=-self.learning_rate)
