"""Policy heads: from a network's outputs to actions, for each kind of action space."""

from typing import Any

import torch
from gymnasium import spaces
from torch import Generator, Tensor, nn

from palestra.errors import UsageError
from palestra.ops.action_distribution import ActionDistribution
from palestra.ops.bernoulli import Bernoulli
from palestra.ops.categorical import Categorical
from palestra.ops.gaussian import gaussian_entropy, gaussian_kl, gaussian_log_prob, gaussian_sample
from palestra.ops.multi_categorical import MultiCategorical


class DiagonalGaussian(ActionDistribution):
    """A diagonal Gaussian: outputs are means (B, prod(shape)), the log standard deviation is a parameter of its own.

    Samples are unbounded; they are clipped to the space only on their way into the environment, so that the density
    stays the one that was sampled from. There they are stretched too, where the space asks for it: -1 and 1 become its
    bounds, so that a policy of deviation 1 explores any range, of 1,000 or of 0.001, as it does that from -1 to 1.

    Args:
        space: of the actions.
        log_std: at first.
        scale: whether to stretch; numbers without two finite bounds are themselves all the same.
    """

    action_dtype = torch.float32
    low: Tensor
    high: Tensor
    centre: Tensor
    half_range: Tensor

    def __init__(self, space: spaces.Box, log_std: float, scale: bool = True):
        super().__init__()
        self.action_shape = space.shape
        self.num_outputs = int(torch.Size(space.shape).numel())
        self.register_buffer("low", torch.as_tensor(space.low, dtype=torch.float32), persistent=False)
        self.register_buffer("high", torch.as_tensor(space.high, dtype=torch.float32), persistent=False)
        largest = torch.finfo(torch.float32).max  # with which some environments say that there is no bound
        bounded = (self.low > -largest) & (self.high < largest) & (self.low < self.high)
        stretched = bounded & ((self.low != -1.0) | (self.high != 1.0))
        self.stretches = scale and bool(stretched.any())
        """Whether any number is stretched; from -1 to 1 there is nothing to stretch."""
        self.register_buffer("centre", torch.where(stretched, self.low / 2 + self.high / 2, 0.0), persistent=False)
        self.register_buffer("half_range", torch.where(stretched, self.high / 2 - self.low / 2, 1.0), persistent=False)
        self.log_std = nn.Parameter(torch.full((self.num_outputs,), log_std))

    def sample(self, out_BK: Tensor, generator: Generator) -> Tensor:
        """Draw actions (B, *action_shape)."""
        flat = gaussian_sample(out_BK, self.log_std, generator)
        return flat.view(-1, *self.action_shape)

    def mode(self, out_BK: Tensor) -> Tensor:
        """The most likely actions (B, *action_shape)."""
        return out_BK.view(-1, *self.action_shape)

    def bounded(self, action: Tensor) -> Tensor:
        """Stretched to the space, and clipped to it."""
        if self.stretches:
            action = torch.addcmul(self.centre, self.half_range, action)
        return action.clamp(self.low, self.high)

    def log_prob(self, out_BK: Tensor, action: Tensor) -> Tensor:
        """(B,) log probability or density of actions."""
        return gaussian_log_prob(out_BK, self.log_std, action.reshape(out_BK.shape))

    def entropy(self, out_BK: Tensor) -> Tensor:
        """Entropy in nats, (B,) or scalar."""
        return gaussian_entropy(self.log_std)

    def frozen(self, out_BK: Tensor) -> Tensor:
        """Means and log standard deviations side by side, (B, 2 K)."""
        return torch.cat((out_BK, self.log_std.expand_as(out_BK)), 1).detach()

    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats."""
        mean_BK, log_std_BK = frozen_BK.chunk(2, 1)
        return gaussian_kl(mean_BK, log_std_BK[0], out_BK, self.log_std)

    def encoded(self, action: Tensor) -> Tensor:
        """The numbers as they are, (B, K)."""
        return action.reshape(len(action), -1)


def policy_head(space: spaces.Space[Any], log_std: float, scale: bool = True) -> ActionDistribution:
    """The head for an action space; UsageError names a space that none serves.

    Args:
        space: of the actions.
        log_std: of a Gaussian at first.
        scale: whether one is stretched to the bounds of its space.
    """
    if isinstance(space, spaces.Discrete):
        return Categorical(int(space.n))
    if isinstance(space, spaces.MultiDiscrete) and space.nvec.ndim == 1:
        return MultiCategorical([int(n) for n in space.nvec])
    if isinstance(space, spaces.Box) and space.dtype is not None and space.dtype.kind == "f":
        return DiagonalGaussian(space, log_std, scale)
    if isinstance(space, spaces.MultiBinary):
        return Bernoulli(tuple(space.shape))
    raise UsageError(
        f"no policy for action space {space}; expected Discrete, MultiDiscrete, MultiBinary or a float Box"
    )
