"""The multilayer perceptron, readable and fast.

``MLP.forward`` is the definition, in ordinary operations that autograd can differentiate. ``MLP.record`` gives the
same outputs as a new leaf, and ``MLP.backward`` carries a gradient at them back by hand: on small networks most of a
training step goes to autograd's bookkeeping, and this spares the larger part of it. A loss is written as always, on the
recorded outputs; ``ClippedAdam.minimise`` does the rest. ``tests/unit/nets/test_mlp.py`` holds the two ways equal.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.nets.initialisation import orthogonal_, uniform_fan_in_

Activation = Literal["tanh", "relu"]

CHUNK = 2048
"""Rows that go through a network together when no gradient is asked for: more would leave the processor's cache."""


class Recording(NamedTuple):
    """A pass through an MLP that can be gone back by hand, once."""

    out: Tensor
    """(B, K) outputs, a leaf that requires a gradient."""
    inputs: list[Tensor]
    """What each layer was given."""
    mlp: "MLP"
    """Which network."""
    seen: Tensor | None = None
    """The inputs themselves, where they have a graph of their own that the gradient is to go on into."""


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
        self._pairs: list[tuple[nn.Parameter, nn.Parameter]] = []

    def _layers(self) -> list[tuple[nn.Parameter, nn.Parameter]]:
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
        *hidden, (last_weight, last_bias) = self._layers()
        for weight, bias in hidden:
            x_BF = act(F.linear(x_BF, weight, bias))
        return F.linear(x_BF, last_weight, last_bias)

    def _run(self, x_BF: Tensor) -> list[Tensor]:
        """What each layer is given, then the outputs, in the fewest operations and without autograd."""
        act_ = torch.tanh_ if self.activation == "tanh" else torch.relu_
        *hidden, (last_weight, last_bias) = self._layers()
        values = [x_BF]
        for weight, bias in hidden:
            values.append(act_(torch.addmm(bias, values[-1], weight.t())))
        values.append(torch.addmm(last_bias, values[-1], last_weight.t()))
        return values

    @torch.no_grad()
    def record(self, x_BF: Tensor) -> Recording:
        """The same (B, K) as a new leaf, to write a loss on; what flows on to ``x_BF``, ``backward`` returns."""
        *inputs, out = self._run(x_BF)
        return Recording(out.requires_grad_(), inputs, self, x_BF if x_BF.requires_grad else None)

    @torch.no_grad()
    def backward(self, recording: Recording, grad_BK: Tensor) -> Tensor | None:
        """Write the gradient of every parameter into its ``grad``, given the loss's gradient at the outputs; once.

        Returns the loss's gradient (B, F) at the inputs where those have a graph of their own, else None.
        """
        if not recording.inputs:
            raise RuntimeError("this recording was gone back already, and the weights may have moved; record again")
        layers = self._layers()
        for i in range(len(layers) - 1, -1, -1):
            weight, bias = layers[i]
            x = recording.inputs.pop()
            if weight.grad is None or bias.grad is None:  # PyTorch would compute the gradient and drop it
                raise RuntimeError("a parameter has no grad to write into: ClippedAdam gives it, zero_grad takes it")
            torch.mm(grad_BK.t(), x, out=weight.grad)
            torch.sum(grad_BK, 0, out=bias.grad)
            if i > 0:
                grad_BK = grad_BK.mm(weight)
                if self.activation == "tanh":
                    grad_BK = torch.ops.aten.tanh_backward(grad_BK, x)
                else:
                    grad_BK = torch.ops.aten.threshold_backward(grad_BK, x, 0)
        return None if recording.seen is None else grad_BK.mm(layers[0][0])
