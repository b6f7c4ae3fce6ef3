"""The multilayer perceptron with layer normalisation before each activation, which keeps what it says bounded."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from palestra.nets.initialisation import realised
from palestra.nets.recorded import Recorded


class NormedMLP(Recorded):
    """Linear layers, each but the last followed by LayerNorm (Ba et al. 2016) and ReLU: (B, F) -> (B, K) float32.

    Args:
        sizes: features of input, hidden layers and output.
        generator: draws the initial weights: He's before ReLU, PyTorch's default in the last layer.
    """

    def __init__(self, sizes: Sequence[int], generator: Generator):
        super().__init__()
        *hidden, last = pairwise(sizes)
        layers = [realised(partial(nn.Linear, *pair), "kaiming", generator) for pair in hidden]
        self.layers = nn.ModuleList(layers)
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _, size in hidden)
        self.last = realised(partial(nn.Linear, *last), "fan-in", generator)

    def forward(self, x_BF: Tensor) -> Tensor:
        """(B, F) -> (B, K)."""
        for layer, norm in zip(self.layers, self.norms):
            x_BF = torch.relu(norm(layer(x_BF)))
        out_BK: Tensor = self.last(x_BF)
        return out_BK
