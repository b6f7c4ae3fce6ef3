"""The multilayer perceptron, readable and fast.

``MLP.plain`` is the definition. ``MLP.forward`` is the same function with its gradient written out by hand in one
autograd node (``_FusedMLP``): on small networks most of the time of a training step goes to autograd's bookkeeping,
and one node in place of a dozen saves about a third of it. ``tests/unit/nets/test_mlp.py`` holds the two equal.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.nets.initialisation import orthogonal_, uniform_fan_in_

Activation = Literal["tanh", "relu"]


class MLP(nn.Module):
    """Linear layers with an activation between them: (B, sizes[0]) -> (B, sizes[-1]) float32.

    Args:
        sizes: features of input, hidden layers and output.
        activation: between layers; none after the last.
        generator: draws the initial weights.
        output_gain: with a number, weights are orthogonal (gain sqrt(2), this one in the last layer) and biases zero,
            as policy-gradient methods use; with None, PyTorch's default for linear layers.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation,
        generator: Generator,
        output_gain: float | None = None,
    ):
        super().__init__()
        self.activation: Activation = activation
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            weight = torch.empty(fan_out, fan_in)
            bias = torch.zeros(fan_out)
            if output_gain is None:
                uniform_fan_in_(weight, bias, generator)
            else:
                orthogonal_(weight, output_gain if i == len(sizes) - 2 else 2.0**0.5, generator)
            self.weights.append(nn.Parameter(weight))
            self.biases.append(nn.Parameter(bias))
        self._pairs: list[Tensor] = []

    def _layers(self) -> list[Tensor]:
        # ParameterList lookups cost microseconds each; the parameters themselves never change identity.
        if not self._pairs:
            self._pairs = [p for pair in zip(self.weights, self.biases) for p in pair]
        return self._pairs

    def forward(self, x_BF: Tensor) -> Tensor:
        """(B, F) -> (B, K); gradients of first order only (use ``plain`` for higher ones)."""
        if torch.is_grad_enabled():
            out: Tensor = _FusedMLP.apply(self.activation, x_BF, *self._layers())  # type: ignore[no-untyped-call]
            return out
        return _hidden_layers(self.activation, x_BF, self._layers())[-1]

    def plain(self, x_BF: Tensor) -> Tensor:
        """The same function by ordinary autograd operations: the readable twin, differentiable any number of times."""
        act = torch.tanh if self.activation == "tanh" else torch.relu
        h = x_BF
        for weight, bias in zip(self.weights[:-1], self.biases[:-1]):
            h = act(F.linear(h, weight, bias))
        return F.linear(h, self.weights[-1], self.biases[-1])


def _hidden_layers(activation: Activation, x: Tensor, layers: Sequence[Tensor]) -> list[Tensor]:
    """Input, every hidden activation, and the output."""
    act_ = torch.tanh_ if activation == "tanh" else torch.relu_
    values = [x]
    for i in range(0, len(layers) - 2, 2):
        values.append(act_(torch.addmm(layers[i + 1], values[-1], layers[i].t())))
    values.append(torch.addmm(layers[-1], values[-1], layers[-2].t()))
    return values


class _FusedMLP(torch.autograd.Function):
    """Forward and backward of an MLP as one autograd node."""

    @staticmethod
    def forward(ctx: Any, activation: Activation, x: Tensor, *layers: Tensor) -> Tensor:
        *inputs, out = _hidden_layers(activation, x, layers)
        ctx.activation = activation
        ctx.save_for_backward(*inputs, *layers)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():  # create_graph=True; a gradient penalty would silently count as a constant
            raise RuntimeError(
                "MLP.forward has first-order gradients only; call MLP.plain where second ones are needed"
            )
        saved = ctx.saved_tensors
        depth = len(saved) // 3
        inputs, layers = saved[:depth], saved[depth:]
        grads: list[Tensor | None] = [None] * (2 * depth)
        for i in range(depth - 1, -1, -1):
            grads[2 * i] = grad.t().mm(inputs[i])
            grads[2 * i + 1] = grad.sum(0)
            if i > 0:
                grad = grad.mm(layers[2 * i])
                if ctx.activation == "tanh":
                    grad = torch.ops.aten.tanh_backward(grad, inputs[i])
                else:
                    grad = torch.ops.aten.threshold_backward(grad, inputs[i], 0)
        grad_x = grad.mm(layers[0]) if ctx.needs_input_grad[1] else None
        return None, grad_x, *grads
