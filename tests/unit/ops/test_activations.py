"""Activations are PyTorch's, and their derivatives those of autograd."""

import pytest
import torch

from palestra.ops.activations import ACTIVATIONS

THEIRS = {
    "ReLU": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "GELU": torch.nn.functional.gelu,
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_and_derivative(name: str) -> None:
    x = torch.linspace(-6, 6, 121, dtype=torch.float64).requires_grad_()
    theirs = THEIRS[name](x)
    (slope,) = torch.autograd.grad(theirs.sum(), x)
    torch.testing.assert_close(ACTIVATIONS[name].value(x), theirs, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(ACTIVATIONS[name].derivative(x), slope, rtol=1e-9, atol=1e-12)
