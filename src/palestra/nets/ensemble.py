"""Several MLPs of one shape side by side: twin critics cost one batched product a layer, not two.

``forward`` is the definition, which autograd can differentiate. ``record`` and ``backward`` give the same outputs and
gradients by hand, as those of :class:`palestra.nets.mlp.MLP` do, and can give the gradient at the inputs as well:
through it an actor learns from a critic. ``tests/unit/nets/test_ensemble.py`` holds the two ways equal.

With ``precision="bfloat16"`` the products of hidden layers run in bfloat16 and everything else in float32: parameters,
inputs, the last layer and what it returns, so that no value is ever rounded to eight bits. A few rows, as when acting,
stay in float32: to round the weights for them would take longer than to multiply.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Generator, Tensor, nn

from palestra.nets.initialisation import uniform_fan_in_

Precision = Literal["float32", "bfloat16"]


FEW = 32
"""Rows from which on it pays to round to bfloat16."""
NARROW = 16
"""Columns up to which a product is faster the other way round, its result as rows."""


class EnsembleRecording(NamedTuple):
    """A pass through an Ensemble that can be gone back by hand."""

    out: Tensor
    """(N, B, K) outputs."""
    inputs: list[Tensor]
    """(N, B, F) float32: what each layer was given."""
    factors: list[Tensor]
    """The same in the precision in which it was multiplied."""
    weights: list[Tensor]
    """(N, F, K) of each layer in that precision."""

    def rows(self, number: int) -> "EnsembleRecording":
        """The pass of the first rows alone."""
        inputs, factors = ([x[:, :number] for x in tensors] for tensors in (self.inputs, self.factors))
        return EnsembleRecording(self.out[:, :number], inputs, factors, self.weights)


class Ensemble(nn.Module):
    """``number`` MLPs with ReLU between their layers: (N, B, sizes[0]) -> (N, B, sizes[-1]) float32.

    Args:
        number: N.
        sizes: features of input, hidden layers and output.
        generator: draws the initial weights, PyTorch's default for linear layers, one network after another.
        precision: of the products between hidden layers.
    """

    def __init__(self, number: int, sizes: Sequence[int], generator: Generator, precision: Precision = "float32"):
        super().__init__()
        self.number = number
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        shapes = list(pairwise(sizes))
        weights = [torch.empty(number, fan_in, fan_out) for fan_in, fan_out in shapes]
        biases = [torch.empty(number, 1, fan_out) for _, fan_out in shapes]
        for n in range(number):
            for weight, bias in zip(weights, biases):
                uniform_fan_in_(weight[n].t(), bias[n, 0], generator)
        self.weights = nn.ParameterList(weights)
        self.biases = nn.ParameterList(biases)
        self._pairs: list[tuple[Tensor, Tensor]] = []

    def _layers(self) -> list[tuple[Tensor, Tensor]]:
        # Looking parameters up in a ParameterList costs microseconds each; they never change identity.
        if not self._pairs:
            self._pairs = list(zip(self.weights, self.biases))
        return self._pairs

    def forward(self, x: Tensor) -> Tensor:
        """(B, F), the same for every network, or (N, B, F) -> (N, B, K)."""
        if not torch.is_grad_enabled():
            return self.record(x).out
        x_NBF = x.expand(self.number, *x.shape[-2:])
        *hidden, (last_weight, last_bias) = self._layers()
        for i, (weight, bias) in enumerate(hidden):
            dtype = self._dtype_of(i, x.shape[-2])
            x_NBF = torch.baddbmm(bias.to(dtype), x_NBF.to(dtype), weight.to(dtype)).float().relu()
        return torch.baddbmm(last_bias, x_NBF, last_weight)

    def _dtype_of(self, layer: int, rows: int) -> torch.dtype:
        """Of a layer's product. Inputs and outputs keep their precision; those layers are the cheapest too."""
        return self.dtype if 0 < layer < len(self.weights) - 1 and rows >= FEW else torch.float32

    @torch.no_grad()
    def record(self, x: Tensor, number: int | None = None) -> EnsembleRecording:
        """The same (N, B, K), and what it takes to go back; of the first ``number`` networks alone if it is given."""
        layers = self._layers()
        if number is not None:
            layers = [(weight[:number], bias[:number]) for weight, bias in layers]
        *hidden, (last_weight, last_bias) = layers
        inputs = [x.expand(len(last_bias), *x.shape[-2:])]
        factors: list[Tensor] = []
        weights: list[Tensor] = []
        for i, (weight, bias) in enumerate(hidden):
            dtype = self._dtype_of(i, x.shape[-2])
            if dtype is torch.float32:
                factors.append(inputs[-1])
                weights.append(weight)
                inputs.append(torch.baddbmm(bias, inputs[-1], weight).relu_())
            else:  # the ReLU waits for float32: on bfloat16 it takes three times as long
                factors.append(inputs[-1].to(dtype))
                weights.append(weight.to(dtype))
                inputs.append(torch.baddbmm(bias.to(dtype), factors[-1], weights[-1]).float().relu_())
        factors.append(inputs[-1])
        weights.append(last_weight)
        return EnsembleRecording(_product(inputs[-1], last_weight).add_(last_bias), inputs, factors, weights)

    @torch.no_grad()
    def backward(self, recording: EnsembleRecording, grad_NBK: Tensor) -> Tensor:
        """Write the gradient of every parameter into its ``grad``, given the loss's gradient at the outputs.

        Returns the gradient at what the first layer gave, before its ReLU, (N, B, sizes[1]); ``input_gradient`` makes
        the inputs' from it.
        """
        return self._back(recording, grad_NBK, learn=True)

    @torch.no_grad()
    def backward_to_input(self, recording: EnsembleRecording, grad_NBK: Tensor, first: int = 0) -> Tensor:
        """The loss's gradient at the inputs from feature ``first`` on, (N, B, F - first); parameters are left alone."""
        return self.input_gradient(recording, self._back(recording, grad_NBK, learn=False), first)

    def input_gradient(self, recording: EnsembleRecording, grad_NBK: Tensor, first: int = 0) -> Tensor:
        """From the first layer's gradient to the inputs', (N, B, F - first)."""
        return _product(grad_NBK, recording.weights[0][:, first:].transpose(1, 2))

    def _back(self, recording: EnsembleRecording, grad_NBK: Tensor, learn: bool) -> Tensor:
        layers = self._layers()
        for i in range(len(layers) - 1, -1, -1):
            factor_NBK = grad_NBK.to(recording.factors[i].dtype)
            if learn:
                weight, bias = layers[i]
                if weight.grad is None or bias.grad is None:  # PyTorch would compute the gradient and drop it
                    raise RuntimeError(
                        "a parameter has no grad to write into: ClippedAdam gives it, zero_grad takes it"
                    )
                weight.grad.copy_(_product(recording.factors[i].transpose(1, 2), factor_NBK))
                torch.sum(grad_NBK, 1, keepdim=True, out=bias.grad)
            if i > 0:
                grad_NBK = _product(factor_NBK, recording.weights[i].transpose(1, 2)).float()
                grad_NBK = torch.ops.aten.threshold_backward(grad_NBK, recording.inputs[i], 0)
        return grad_NBK


def _product(a_NIJ: Tensor, b_NJK: Tensor) -> Tensor:
    """(N, I, K) batched matrix product, by whatever is fastest for its shape."""
    number, inner, columns = b_NJK.shape
    if columns == 1:  # by elements, six times as fast
        return (a_NIJ * b_NJK.reshape(number, 1, -1)).sum(2, keepdim=True)
    if inner == 1:  # reshaped to plain strides, which the result then has too
        return a_NIJ * b_NJK.reshape(number, 1, -1)
    if columns <= NARROW:
        return b_NJK.transpose(1, 2).bmm(a_NIJ.transpose(1, 2)).transpose(1, 2)
    return a_NIJ.bmm(b_NJK)
