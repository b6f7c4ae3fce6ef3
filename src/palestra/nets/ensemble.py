"""Several MLPs of one shape side by side: twin critics cost one batched product a layer, not two.

``forward`` is the definition, and recorded passes go back by hand, on into the inputs where those lead further: so an
actor learns from a critic without a gradient for any of the critic's weights.

With ``precision="bfloat16"``, where that is fast, the products of hidden layers run in bfloat16 and everything else in
float32: parameters, inputs, the last layer and what it returns, so that no value is ever rounded to eight bits. A few
rows, as when acting, stay in float32: to round the weights for them would take longer than to multiply.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from palestra.nets.initialisation import uniform_fan_in_
from palestra.nets.precision import Precision, product_dtype
from palestra.nets.recorded import Recorded
from palestra.ops.terms import Recording, place_for, without_autograd

FEW = 32
"""Rows from which on it pays to round to bfloat16."""
NARROW = 16
"""Columns up to which a product is faster the other way round, its result as rows."""


class Pass(NamedTuple):
    """What a pass through an Ensemble leaves behind."""

    out: Tensor
    """(M, B, K) outputs."""
    inputs: list[Tensor]
    """(M, B, F) float32: what each layer was given."""
    factors: list[Tensor]
    """The same in the precision in which it was multiplied."""
    weights: list[Tensor]
    """(M, F, K) of each layer in that precision."""


class Ensemble(Recorded):
    """``number`` MLPs with ReLU between their layers: (M, B, sizes[0]) -> (M, B, sizes[-1]) float32.

    Args:
        number: M.
        sizes: features of input, hidden layers and output.
        generator: draws the initial weights, PyTorch's default for linear layers, one network after another.
        precision: of the products between hidden layers.
    """

    by_hand = True

    def __init__(self, number: int, sizes: Sequence[int], generator: Generator, precision: Precision = "float32"):
        super().__init__()
        self.number = number
        self.dtype = product_dtype(precision)
        shapes = list(pairwise(sizes))
        weights = [torch.empty(number, fan_in, fan_out) for fan_in, fan_out in shapes]
        biases = [torch.empty(number, 1, fan_out) for _, fan_out in shapes]
        for n in range(number):
            for weight, bias in zip(weights, biases):
                uniform_fan_in_(weight[n].t(), bias[n, 0], generator)
        self.weights = nn.ParameterList(weights)
        self.biases = nn.ParameterList(biases)
        self._pairs: list[tuple[Tensor, Tensor]] = []

    def layers(self) -> list[tuple[Tensor, Tensor]]:
        """Weight and bias of each layer, of all networks together."""
        # Looking parameters up in a ParameterList costs microseconds each; they never change identity.
        if not self._pairs:
            self._pairs = list(zip(self.weights, self.biases))
        return self._pairs

    def forward(self, x: Tensor) -> Tensor:
        """(B, F), the same for every network, or (M, B, F) -> (M, B, K)."""
        if not torch.is_grad_enabled():
            return self._run(x, self.layers()).out
        x_MBF = x.expand(self.number, *x.shape[-2:])
        *hidden, (last_weight, last_bias) = self.layers()
        for i, (weight, bias) in enumerate(hidden):
            if self._rounds(i, x.shape[-2]):
                product = torch.baddbmm(bias.to(self.dtype), x_MBF.to(self.dtype), weight.to(self.dtype))
                x_MBF = product.to(bias.dtype).relu()
            else:
                x_MBF = torch.baddbmm(bias, x_MBF, weight).relu()
        return torch.baddbmm(last_bias, x_MBF, last_weight)

    def _rounds(self, layer: int, rows: int) -> bool:
        """Whether a layer's product is in bfloat16. Inputs and outputs are never; those layers are the cheapest too."""
        return self.dtype is torch.bfloat16 and 0 < layer < len(self.weights) - 1 and rows >= FEW

    @without_autograd
    def record(self, *inputs: Tensor, number: int | None = None) -> Tensor:
        """The same (M, B, K) as a leaf, of the first ``number`` networks alone if it is given.

        Inputs (B, F) or (M, B, F) are laid side by side. A derivative with fewer rows than were given is one at the
        first of them; the others are not gone back.
        """
        layers = self.layers()
        if number is not None:
            layers = [(weight[:number], bias[:number]) for weight, bias in layers]
        run = self._run(inputs[0] if len(inputs) == 1 else torch.cat(inputs, -1), layers)
        return EnsembleRecording(self, inputs, run).leaf(run.out)

    def _run(self, x: Tensor, layers: list[tuple[Tensor, Tensor]]) -> Pass:
        *hidden, (last_weight, last_bias) = layers
        inputs = [x.expand(len(last_bias), *x.shape[-2:])]
        factors: list[Tensor] = []
        weights: list[Tensor] = []
        for i, (weight, bias) in enumerate(hidden):
            if self._rounds(i, x.shape[-2]):  # the ReLU waits for float32: on bfloat16 it takes three times as long
                factors.append(inputs[-1].to(self.dtype))
                weights.append(weight.to(self.dtype))
                product = torch.baddbmm(bias.to(self.dtype), factors[-1], weights[-1])
                inputs.append(product.to(bias.dtype).relu_())
            else:
                factors.append(inputs[-1])
                weights.append(weight)
                inputs.append(torch.baddbmm(bias, inputs[-1], weight).relu_())
        factors.append(inputs[-1])
        weights.append(last_weight)
        return Pass(batched_product(inputs[-1], last_weight).add_(last_bias), inputs, factors, weights)


class EnsembleRecording(Recording):
    """The way back of such a pass."""

    def __init__(self, net: Ensemble, inputs: Sequence[Tensor], run: Pass):
        super().__init__(inputs, net)
        self.layers, self.inputs_of, self.factors, self.weights = net.layers(), run.inputs, run.factors, run.weights
        self.columns: list[tuple[int, int, bool]] = []
        """Of each input that is gone on into: first and last column, and whether all networks were given the same."""
        start = 0
        for x in inputs:
            if x.requires_grad:
                self.columns.append((start, start + x.shape[-1], x.dim() == 2))
            start += x.shape[-1]

    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        """Layer by layer; at the inputs only from the first column that is gone on into."""
        (grad_MBK,) = to_outputs
        assert grad_MBK is not None
        rows = grad_MBK.shape[1]
        for i in range(len(self.layers) - 1, -1, -1):
            weight_MFK, x_MBF, factor_MBF = self.weights.pop(), self.inputs_of.pop(), self.factors.pop()
            if rows < x_MBF.shape[1]:
                x_MBF, factor_MBF = x_MBF.narrow(1, 0, rows), factor_MBF.narrow(1, 0, rows)
            factor_MBK = grad_MBK.to(factor_MBF.dtype)
            if learn:
                weight, bias = self.layers[i]
                place_for(weight).copy_(batched_product(factor_MBF.transpose(1, 2), factor_MBK))
                torch.sum(grad_MBK, 1, keepdim=True, out=place_for(bias))
            if i > 0:
                grad_MBK = batched_product(factor_MBK, weight_MFK.transpose(1, 2)).to(grad_MBK.dtype)
                grad_MBK = torch.ops.aten.threshold_backward(grad_MBK, x_MBF, 0)
        if not self.columns:
            return []
        first = self.columns[0][0]
        grad_MBF = batched_product(grad_MBK, weight_MFK.narrow(1, first, weight_MFK.shape[1] - first).transpose(1, 2))
        parts = [(grad_MBF[..., start - first : end - first], same) for start, end, same in self.columns]
        return [(part.sum(0) if len(part) > 1 else part[0]) if same else part for part, same in parts]


def batched_product(a_MBF: Tensor, b_MFK: Tensor) -> Tensor:
    """(M, B, K) batched matrix product of (M, B, F) and (M, F, K), by whatever is fastest for its shape."""
    number, inner, columns = b_MFK.shape
    if columns == 1:  # by elements, six times as fast
        return (a_MBF * b_MFK.reshape(number, 1, -1)).sum(2, keepdim=True)
    if inner == 1:  # reshaped to plain strides, which the result then has too
        return a_MBF * b_MFK.reshape(number, 1, -1)
    if columns <= NARROW:
        return b_MFK.transpose(1, 2).bmm(a_MBF.transpose(1, 2)).transpose(1, 2)
    return a_MBF.bmm(b_MFK)
