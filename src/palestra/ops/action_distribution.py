"""What a distribution over actions can be asked, whatever the actions are."""

from abc import abstractmethod

import torch
from torch import Generator, Tensor, nn


class ActionDistribution(nn.Module):
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
        """The distribution as constants (B, P), for ``kl`` to measure from once the policy has moved."""
        return out_BK.detach()

    @abstractmethod
    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats, exact."""

    @abstractmethod
    def encoded(self, action: Tensor) -> Tensor:
        """Actions as inputs of a network, (B, K) float32."""
