"""RMSprop with gradient clipping over one flat vector, as :mod:`palestra.nets.adam` has it."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from palestra.nets.adam import FlatOptimizer


class ClippedRMSprop(FlatOptimizer):
    """RMSprop as TensorFlow and the A2C of OpenAI Baselines have it.

    Unlike PyTorch's, the mean of squares starts at one and ``eps`` stands under the root: no leap at the first steps.
    """

    saves = ("square",)

    DECAY = 0.99
    """Of the mean of squares."""

    def __init__(
        self, modules: Iterable[nn.Module], learning_rate: float, eps: float = 1e-8, max_grad_norm: float = math.inf
    ):
        super().__init__(modules, learning_rate, eps, max_grad_norm)
        self.square = torch.ones_like(self.flat)

    def _move(self) -> None:
        self.square.mul_(self.DECAY).addcmul_(self.gradient, self.gradient, value=1.0 - self.DECAY)
        self.flat.addcdiv_(self.gradient, (self.square + self.eps).sqrt_(), value=-self.learning_rate)
