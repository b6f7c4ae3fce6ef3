"""Noisy linear layers (Fortunato et al. 2018, https://arxiv.org/abs/1706.10295), with factorised Gaussian noise.

    y = (mu_w + sigma_w * eps_w) x + mu_b + sigma_b * eps_b,  eps_w = f(e_out) f(e_in)^T,  eps_b = f(e_out)  (eq. 9-11)

with f(e) = sgn(e) sqrt(|e|). The noise is an argument, drawn by whoever calls: without any, a pass uses the means.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.nets.initialisation import uniform_fan_in_
from palestra.nets.mlp import Activation
from palestra.nets.recorded import Recorded


def factorised_noise(rows: int, num: int, generator: Generator) -> Tensor:
    """(rows, num) numbers f(e) = sgn(e) sqrt(|e|) with e from the standard normal distribution, on its device."""
    e = torch.randn(rows, num, generator=generator, device=generator.device)
    return e.sign() * e.abs().sqrt()


class NoisyLinear(nn.Module):
    """One noisy layer: (B, fan_in) -> (B, fan_out).

    Args:
        fan_in: inputs.
        fan_out: outputs.
        generator: draws the initial means, from U(-1/sqrt(fan_in), 1/sqrt(fan_in)) (section 3.2).
        sigma: initial standard deviations are this over sqrt(fan_in).
    """

    def __init__(self, fan_in: int, fan_out: int, generator: Generator, sigma: float):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(fan_out, fan_in))
        self.bias = nn.Parameter(torch.empty(fan_out))
        self.weight_sigma = nn.Parameter(torch.full((fan_out, fan_in), sigma / fan_in**0.5))
        self.bias_sigma = nn.Parameter(torch.full((fan_out,), sigma / fan_in**0.5))
        uniform_fan_in_(self.weight, self.bias, generator)

    def forward(self, x_BF: Tensor, noise: tuple[Tensor, Tensor] | None) -> Tensor:
        """With noise of the inputs (R, fan_in) and the outputs (R, fan_out), where R is B or 1; or at the means."""
        y_BK = F.linear(x_BF, self.weight, self.bias)
        if noise is None:
            return y_BK
        noise_in, noise_out = noise
        # The noise of a weight is a product: it can be laid on inputs and outputs, and no noisy matrix is ever made.
        return torch.addcmul(y_BK, F.linear(x_BF * noise_in, self.weight_sigma, self.bias_sigma), noise_out)


class NoisyMLP(Recorded):
    """Noisy layers with an activation between them: (B, sizes[0]) -> (B, sizes[-1]) float32.

    Args:
        sizes: features of input, hidden layers and output.
        activation: between layers; none after the last.
        generator: draws the initial means.
        sigma: initial noise of each layer.
    """

    def __init__(self, sizes: Sequence[int], activation: Activation, generator: Generator, sigma: float):
        super().__init__()
        self.activation: Activation = activation
        self.layers = nn.ModuleList(NoisyLinear(*pair, generator, sigma) for pair in pairwise(sizes))
        self._parts = [n for pair in pairwise(sizes) for n in pair]
        self.num_noise = sum(self._parts)
        """How many numbers of noise a pass takes."""

    def forward(self, x_BF: Tensor, noise: Tensor | None = None) -> Tensor:
        """(B, F) -> (B, K). ``noise`` is (B, num_noise), a draw for each sample, or (1, num_noise), one for all."""
        parts = [] if noise is None else list(noise.split(self._parts, 1))
        for i, layer in enumerate(self.layers):
            if i > 0:
                x_BF = torch.tanh(x_BF) if self.activation == "tanh" else torch.relu(x_BF)
            x_BF = layer(x_BF, (parts[2 * i], parts[2 * i + 1]) if parts else None)
        return x_BF
