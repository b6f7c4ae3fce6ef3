"""Policy heads: from a network's outputs to actions, for each kind of action space."""

from abc import abstractmethod
from typing import Any

import torch
from gymnasium import spaces
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.errors import UsageError
from palestra.ops import distributions


class PolicyHead(nn.Module):
    """An action distribution over a network's outputs ``out_BK``. Actions count from 0, as the contract asks."""

    num_outputs: int
    """K: how many outputs the network must have."""
    action_shape: tuple[int, ...]
    """Shape of one action."""
    action_dtype: torch.dtype
    """dtype of an action."""

    @abstractmethod
    def sample(self, out_BK: Tensor, generator: Generator) -> Tensor:
        """Draw actions (B, *action_shape)."""

    @abstractmethod
    def mode(self, out_BK: Tensor) -> Tensor:
        """The most likely actions (B, *action_shape)."""

    def bounded(self, action: Tensor) -> Tensor:
        """The action on its way into the environment: inside the bounds of its space."""
        return action

    @abstractmethod
    def log_prob(self, out_BK: Tensor, action: Tensor) -> Tensor:
        """(B,) log probability or density of actions."""

    @abstractmethod
    def entropy(self, out_BK: Tensor) -> Tensor:
        """(B,) or scalar entropy in nats."""

    def frozen(self, out_BK: Tensor) -> Tensor:
        """The distribution as constants (B, K), for ``kl`` to measure from once the policy has moved."""
        return out_BK.detach()

    @abstractmethod
    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats, exact."""

    @abstractmethod
    def encoded(self, action: Tensor) -> Tensor:
        """Actions as inputs of a network, (B, K) float32."""


class CategoricalHead(PolicyHead):
    """One choice among ``n``: outputs are logits (B, n), actions (B,) int64."""

    action_shape = ()
    action_dtype = torch.int64

    def __init__(self, n: int):
        super().__init__()
        self.num_outputs = n

    def sample(self, out_BK: Tensor, generator: Generator) -> Tensor:
        """Draw actions (B, *action_shape)."""
        return distributions.categorical_sample(out_BK, generator)

    def mode(self, out_BK: Tensor) -> Tensor:
        """The most likely actions (B, *action_shape)."""
        return out_BK.argmax(1)

    def log_prob(self, out_BK: Tensor, action: Tensor) -> Tensor:
        """(B,) log probability or density of actions."""
        return distributions.categorical_log_prob(out_BK, action)

    def entropy(self, out_BK: Tensor) -> Tensor:
        """Entropy in nats, (B,) or scalar."""
        return distributions.categorical_entropy(out_BK)

    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats."""
        return distributions.categorical_kl(frozen_BK, out_BK)

    def encoded(self, action: Tensor) -> Tensor:
        """One-hot (B, n)."""
        return F.one_hot(action, self.num_outputs).float()


class MultiCategoricalHead(PolicyHead):
    """Several independent choices: outputs are their logits side by side, actions (B, len(sizes)) int64."""

    action_dtype = torch.int64

    def __init__(self, sizes: list[int]):
        super().__init__()
        self.sizes = sizes
        self.num_outputs = sum(sizes)
        self.action_shape = (len(sizes),)

    def sample(self, out_BK: Tensor, generator: Generator) -> Tensor:
        """Draw actions (B, *action_shape)."""
        parts = out_BK.split(self.sizes, 1)
        return torch.stack([distributions.categorical_sample(p, generator) for p in parts], 1)

    def mode(self, out_BK: Tensor) -> Tensor:
        """The most likely actions (B, *action_shape)."""
        return torch.stack([p.argmax(1) for p in out_BK.split(self.sizes, 1)], 1)

    def log_prob(self, out_BK: Tensor, action: Tensor) -> Tensor:
        """(B,) log probability or density of actions."""
        parts = out_BK.split(self.sizes, 1)
        each = [distributions.categorical_log_prob(p, a) for p, a in zip(parts, action.unbind(1))]
        return torch.stack(each).sum(0)

    def entropy(self, out_BK: Tensor) -> Tensor:
        """Entropy in nats, (B,) or scalar."""
        return torch.stack([distributions.categorical_entropy(p) for p in out_BK.split(self.sizes, 1)]).sum(0)

    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats."""
        pairs = zip(frozen_BK.split(self.sizes, 1), out_BK.split(self.sizes, 1))
        return torch.stack([distributions.categorical_kl(old, new) for old, new in pairs]).sum(0)

    def encoded(self, action: Tensor) -> Tensor:
        """One-hot vectors side by side, (B, sum(sizes))."""
        return torch.cat([F.one_hot(a, n) for a, n in zip(action.unbind(1), self.sizes)], 1).float()


class GaussianHead(PolicyHead):
    """A diagonal Gaussian: outputs are means (B, prod(shape)), the log standard deviation is a parameter of its own.

    Samples are unbounded; they are clipped to the space only on their way into the environment, so that the density
    stays the one that was sampled from.
    """

    action_dtype = torch.float32
    low: Tensor
    high: Tensor

    def __init__(self, space: spaces.Box, log_std: float):
        super().__init__()
        self.action_shape = space.shape
        self.num_outputs = int(torch.Size(space.shape).numel())
        self.register_buffer("low", torch.as_tensor(space.low, dtype=torch.float32), persistent=False)
        self.register_buffer("high", torch.as_tensor(space.high, dtype=torch.float32), persistent=False)
        self.log_std = nn.Parameter(torch.full((self.num_outputs,), log_std))

    def sample(self, out_BK: Tensor, generator: Generator) -> Tensor:
        """Draw actions (B, *action_shape)."""
        flat = distributions.gaussian_sample(out_BK, self.log_std, generator)
        return flat.view(-1, *self.action_shape)

    def mode(self, out_BK: Tensor) -> Tensor:
        """The most likely actions (B, *action_shape)."""
        return out_BK.view(-1, *self.action_shape)

    def bounded(self, action: Tensor) -> Tensor:
        """Clipped to the space."""
        return action.clamp(self.low, self.high)

    def log_prob(self, out_BK: Tensor, action: Tensor) -> Tensor:
        """(B,) log probability or density of actions."""
        return distributions.gaussian_log_prob(out_BK, self.log_std, action.flatten(1))

    def entropy(self, out_BK: Tensor) -> Tensor:
        """Entropy in nats, (B,) or scalar."""
        return distributions.gaussian_entropy(self.log_std)

    def frozen(self, out_BK: Tensor) -> Tensor:
        """Means and log standard deviations side by side, (B, 2 K)."""
        return torch.cat((out_BK, self.log_std.expand_as(out_BK)), 1).detach()

    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats."""
        mean_BK, log_std_BK = frozen_BK.chunk(2, 1)
        return distributions.gaussian_kl(mean_BK, log_std_BK[0], out_BK, self.log_std)

    def encoded(self, action: Tensor) -> Tensor:
        """The numbers as they are, (B, K)."""
        return action.flatten(1)


def policy_head(space: spaces.Space[Any], log_std: float) -> PolicyHead:
    """The head for an action space; UsageError names a space that none serves."""
    if isinstance(space, spaces.Discrete):
        return CategoricalHead(int(space.n))
    if isinstance(space, spaces.MultiDiscrete) and space.nvec.ndim == 1:
        return MultiCategoricalHead([int(n) for n in space.nvec])
    if isinstance(space, spaces.Box) and space.dtype is not None and space.dtype.kind == "f":
        return GaussianHead(space, log_std)
    raise UsageError(f"no policy for action space {space}; expected Discrete, MultiDiscrete or a float Box")
