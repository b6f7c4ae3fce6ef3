"""Weight initialisation from an explicit generator."""

import math

import torch
from torch import Generator, Tensor, nn


@torch.no_grad()
def orthogonal_(weight: Tensor, gain: float, generator: Generator) -> Tensor:
    """Fill a matrix (out, in) with a random (semi-)orthogonal one times ``gain`` (Saxe et al. 2014)."""
    return nn.init.orthogonal_(weight, gain, generator=generator)


@torch.no_grad()
def uniform_fan_in_(weight: Tensor, bias: Tensor, generator: Generator) -> None:
    """PyTorch's default for linear layers: U(-1/sqrt(in), 1/sqrt(in)) for weight (out, in) and bias (out,)."""
    bound = 1.0 / math.sqrt(weight.shape[1])
    weight.uniform_(-bound, bound, generator=generator)
    bias.uniform_(-bound, bound, generator=generator)
