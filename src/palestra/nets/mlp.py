"""The multilayer perceptron, readable and fast: ``forward`` is the definition, and recorded passes go back by hand."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.nets.initialisation import orthogonal_, uniform_fan_in_
from palestra.nets.recorded import Recorded
from palestra.ops.terms import Recording, place_for, without_autograd

Activation = Literal["tanh", "relu"]

# Called by their full names: finding the one that fits costs as much as a small one of them.
tanh_backward = torch.ops.aten.tanh_backward.default
threshold_backward = torch.ops.aten.threshold_backward.default

CHUNK = 2048
"""Rows that go through a network together when no gradient is asked for: more would leave the processor's cache."""


class MLP(Recorded):
    """Linear layers with an activation between them: (B, sizes[0]) -> (B, sizes[-1]) float32.

    Args:
        sizes: features of input, hidden layers and output.
        activation: between layers; none after the last.
        generator: draws the initial weights.
        output_gain: with a number, weights are orthogonal (gain sqrt(2), this one in the last layer) and biases zero,
            as policy-gradient methods use; with None, PyTorch's default for linear layers.
    """

    by_hand = True

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
        self._pairs: list[tuple[nn.Parameter, nn.Parameter]] = []

    def layers(self) -> list[tuple[nn.Parameter, nn.Parameter]]:
        """Weight and bias of each layer."""
        # Looking parameters up in a ParameterList costs microseconds each; they never change identity.
        if not self._pairs:
            self._pairs = list(zip(self.weights, self.biases))
        return self._pairs

    def forward(self, x_BF: Tensor) -> Tensor:
        """(B, F) -> (B, K), differentiable any number of times."""
        if not torch.is_grad_enabled():
            if len(x_BF) <= CHUNK:
                return self._run(x_BF)[-1]
            return torch.cat([self._run(part_BF)[-1] for part_BF in x_BF.split(CHUNK)])
        act = torch.tanh if self.activation == "tanh" else torch.relu
        *hidden, (last_weight, last_bias) = self.layers()
        for weight, bias in hidden:
            x_BF = act(F.linear(x_BF, weight, bias))
        return F.linear(x_BF, last_weight, last_bias)

    def _run(self, x_BF: Tensor) -> list[Tensor]:
        """What each layer is given, then the outputs, in the fewest operations and without autograd."""
        act_ = torch.tanh_ if self.activation == "tanh" else torch.relu_
        *hidden, (last_weight, last_bias) = self.layers()
        values = [x_BF]
        for weight, bias in hidden:
            values.append(act_(F.linear(values[-1], weight, bias)))
        values.append(F.linear(values[-1], last_weight, last_bias))
        return values

    @without_autograd
    def record(self, *inputs: Tensor) -> Tensor:
        """(B, F) -> (B, K) as a leaf, to write a loss on."""
        (x_BF,) = inputs
        *given, out_BK = self._run(x_BF)
        return MLPRecording(self, x_BF, given).leaf(out_BK)


class MLPRecording(Recording):
    """What each layer was given."""

    def __init__(self, mlp: MLP, x_BF: Tensor, given: list[Tensor]):
        super().__init__([x_BF], mlp)
        self.layers, self.tanh, self.given = mlp.layers(), mlp.activation == "tanh", given

    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        """Layer by layer, in the fewest operations."""
        (grad_BK,) = to_outputs
        assert grad_BK is not None
        for i in range(len(self.layers) - 1, -1, -1):
            weight, bias = self.layers[i]
            x = self.given.pop()
            if learn:
                torch.mm(grad_BK.t(), x, out=place_for(weight))
                torch.sum(grad_BK, 0, out=place_for(bias))
            if i > 0:
                grad_BK = grad_BK.mm(weight)
                if self.tanh:
                    grad_BK = tanh_backward(grad_BK, x)
                else:
                    grad_BK = threshold_backward(grad_BK, x, 0)
        return [grad_BK.mm(self.layers[0][0])] if self.inputs else []
