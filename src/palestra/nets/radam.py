"""Rectified Adam with gradient clipping over one flat vector, as :mod:`palestra.nets.adam` has it."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from palestra.nets.adam import FlatOptimizer

BETA1, BETA2 = 0.9, 0.999
LONGEST = 2 / (1 - BETA2) - 1
"""rho_inf: how many steps the mean of squares remembers in the end."""
ENOUGH = 5.0
"""Fewer steps than that say nothing of the variance of a gradient."""


class ClippedRAdam(FlatOptimizer):
    """RAdam (Liu et al. 2020, algorithm 2), which trusts its second moment as far as it has seen enough gradients.

    At first it goes along the mean gradient, then as Adam does with a step that grows to its full length: a warm-up
    whose length nobody has to choose.
    """

    saves = ("mean", "square", "steps")

    def __init__(
        self, modules: Iterable[nn.Module], learning_rate: float, eps: float = 1e-8, max_grad_norm: float = math.inf
    ):
        super().__init__(modules, learning_rate, eps, max_grad_norm)
        self.mean = torch.zeros_like(self.flat)
        self.square = torch.zeros_like(self.flat)
        self.steps = 0

    def _move(self) -> None:
        self.steps += 1
        self.mean.lerp_(self.gradient, 1 - BETA1)
        self.square.mul_(BETA2).addcmul_(self.gradient, self.gradient, value=1 - BETA2)
        fading = BETA2**self.steps
        length = LONGEST - 2 * self.steps * fading / (1 - fading)  # rho_t
        step = self.learning_rate / (1 - BETA1**self.steps)
        if length <= ENOUGH:
            self.flat.add_(self.mean, alpha=-step)
            return
        shrink = math.sqrt(  # r_t
            (length - 4) * (length - 2) * LONGEST / ((LONGEST - 4) * (LONGEST - 2) * length)
        )
        scale = self.square.sqrt().add_(self.eps)
        self.flat.addcdiv_(self.mean, scale, value=-step * shrink * math.sqrt(1 - fading))
