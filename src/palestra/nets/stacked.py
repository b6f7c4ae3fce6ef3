"""Many MLPs of one shape, each with its parameters in a row of a matrix, as a flat optimizer keeps those of one.

A layer of all of them is one batched product. What :class:`palestra.nets.mlp.MLP` does by itself is done here for each,
forwards and backwards by hand; ``tests/unit/nets/test_stacked.py`` holds the two equal.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from palestra.nets.ensemble import batched_product
from palestra.nets.mlp import MLP, tanh_backward, threshold_backward

ALIGNED = 16
"""Numbers from the beginning of one row to where the next may begin: 64 bytes."""


class Layer(NamedTuple):
    """One layer of all networks, as views of rows of parameters and of gradients."""

    weight_MKF: Tensor
    bias_M1K: Tensor
    to_weight_MKF: Tensor
    to_bias_M1K: Tensor


class Stacked:
    """The networks that have the place of one MLP in every row.

    Args:
        mlp: of any row, for its layers.
        parameters: what a row holds, in order, the MLP's parameters among them.
        flat_MD: all parameters, a network a row.
        gradient_MD: where derivatives are written.
    """

    def __init__(self, mlp: MLP, parameters: Sequence[Tensor], flat_MD: Tensor, gradient_MD: Tensor):
        self.tanh = mlp.activation == "tanh"
        here, there = rows_of(parameters, flat_MD), rows_of(parameters, gradient_MD)
        self.layers = [
            Layer(here[id(weight)], here[id(bias)][:, None], there[id(weight)], there[id(bias)][:, None])
            for weight, bias in mlp.layers()
        ]

    def forward(self, x_MBF: Tensor) -> list[Tensor]:
        """What each layer is given, (M, B, F) and so on, and last the outputs (M, B, K)."""
        values = [x_MBF]
        for layer in self.layers[:-1]:
            hidden = torch.baddbmm(layer.bias_M1K, values[-1], layer.weight_MKF.transpose(1, 2))
            values.append(hidden.tanh_() if self.tanh else hidden.relu_())
        last = self.layers[-1]
        values.append(batched_product(values[-1], last.weight_MKF.transpose(1, 2)) + last.bias_M1K)
        return values

    def __call__(self, x_MBF: Tensor) -> Tensor:
        """The outputs (M, B, K) alone."""
        return self.forward(x_MBF)[-1]

    def back(self, given: list[Tensor], to_outputs_MBK: Tensor) -> Tensor:
        """Write the derivatives by the parameters, from those by the outputs and what each layer was given.

        Returns the derivatives (M, B, K) by the first layer's product, which :meth:`onward` takes to the inputs.
        """
        to_MBK = to_outputs_MBK
        for i in range(len(self.layers) - 1, -1, -1):
            layer, x_MBF = self.layers[i], given[i]
            layer.to_weight_MKF.copy_(batched_product(to_MBK.transpose(1, 2), x_MBF))
            layer.to_bias_M1K.copy_(to_MBK.sum(1, keepdim=True))
            if i > 0:
                to_MBK = batched_product(to_MBK, layer.weight_MKF)
                to_MBK = tanh_backward(to_MBK, x_MBF) if self.tanh else threshold_backward(to_MBK, x_MBF, 0)
        return to_MBK

    def onward(self, to_MBK: Tensor) -> Tensor:
        """The derivatives (M, B, F) by the inputs, from those by the first layer's product."""
        return batched_product(to_MBK, self.layers[0].weight_MKF)


def blank(number: int, size: int) -> Tensor:
    """(M, D) zeros, whose rows lie alike in memory: by where its factors begin, a product may round otherwise."""
    return torch.zeros(number, -(-size // ALIGNED) * ALIGNED)[:, :size]


def column(values: Iterable[float]) -> Tensor:
    """(M, 1) float32, a number of each member."""
    return torch.tensor(list(values), dtype=torch.float32)[:, None]


def rows_of(parameters: Sequence[Tensor], flat_MD: Tensor) -> dict[int, Tensor]:
    """Each parameter's place in all rows, (M, *its shape), by its id."""
    parts = flat_MD.split([p.numel() for p in parameters], 1)
    return {id(p): part.view(len(flat_MD), *p.shape) for p, part in zip(parameters, parts, strict=True)}
