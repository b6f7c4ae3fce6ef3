"""What stands between layers, and its derivative by hand.

relu(x) = max(x, 0),  relu'(x) = [x > 0]
sigmoid(x) = 1 / (1 + e^-x),  sigmoid' = sigmoid (1 - sigmoid)
tanh' = 1 - tanh^2
gelu(x) = x Phi(x),  gelu'(x) = Phi(x) + x phi(x)                  (Hendrycks & Gimpel 2016, section 2)
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Activation(NamedTuple):
    """One of them, number by number."""

    value: Callable[[Tensor], Tensor]
    """What it makes of numbers of any shape."""
    derivative: Callable[[Tensor], Tensor]
    """By them; of ReLU at zero 0, as is usual."""


def _sigmoid_slope(x: Tensor) -> Tensor:
    y = torch.sigmoid(x)
    return y * (1 - y)


def _below(x: Tensor) -> Tensor:
    """Phi: how likely a standard normal number is to be smaller."""
    return 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def _gelu_slope(x: Tensor) -> Tensor:
    return _below(x) + x * (-x.square() / 2).exp() / math.sqrt(2 * math.pi)


ACTIVATIONS = {
    "ReLU": Activation(lambda x: x.clamp(min=0), lambda x: (x > 0).to(x.dtype)),
    "sigmoid": Activation(torch.sigmoid, _sigmoid_slope),
    "tanh": Activation(torch.tanh, lambda x: 1 - torch.tanh(x).square()),
    "GELU": Activation(lambda x: x * _below(x), _gelu_slope),
}
"""Name to activation."""
