"""Policies of many members side by side: from the outputs of their networks (``stacked.py``) to actions, and back.

What ``ops.categorical`` and ``ops.gaussian`` do for one, (M, B, ...) at once, and the derivatives of log probability
and entropy written out. Every member draws from its own generator what it would have drawn alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from palestra.errors import UsageError
from palestra.nets.heads import DiagonalGaussian
from palestra.nets.stacked import rows_of
from palestra.ops.action_distribution import ActionDistribution
from palestra.ops.categorical import Categorical, categorical_choice
from palestra.ops.gaussian import HALF_LOG_2PI


class StackedHead(ABC):
    """One kind of policy, one for each member. Actions of all copies are (B, ...), the first member's first."""

    @abstractmethod
    def noise(self, generators: Sequence[Generator], steps: int, copies: int) -> Tensor:
        """(T, B, ...) what the samples of so many steps are made of, in so many copies of each member."""

    @abstractmethod
    def sample(self, out_MEK: Tensor, noise: Tensor) -> Tensor:
        """Actions (B, ...) that one row of the noise decides."""

    @abstractmethod
    def mode(self, out_MEK: Tensor) -> Tensor:
        """The most likely actions (B, ...)."""

    @abstractmethod
    def log_prob(self, out_MBK: Tensor, action: Tensor) -> Tensor:
        """(M, B) log probabilities or densities of actions (M, B, ...)."""

    @abstractmethod
    def entropy(self, out_MBK: Tensor) -> Tensor:
        """(M, B) entropies in nats, or (M, 1) where it is the same for every sample."""

    @abstractmethod
    def back(self, out_MBK: Tensor, action: Tensor, to_log_prob_MB: Tensor, to_entropy_M1: Tensor) -> Tensor:
        """The derivatives (M, B, K) by the outputs, from those by log probability and by each sample's entropy.

        Those by parameters of its own are written where they belong.
        """


class StackedCategorical(StackedHead):
    """Choices: outputs are logits."""

    def noise(self, generators: Sequence[Generator], steps: int, copies: int) -> Tensor:
        """(T, B, 1) uniform: a row after another, as drawn one by one."""
        return torch.cat([torch.rand(steps, copies, 1, generator=each) for each in generators], 1)

    def sample(self, out_MEK: Tensor, noise: Tensor) -> Tensor:
        """(B,) int64."""
        return categorical_choice(out_MEK.flatten(0, 1), noise)

    def mode(self, out_MEK: Tensor) -> Tensor:
        """(B,) int64."""
        return out_MEK.argmax(2).flatten()

    def log_prob(self, out_MBK: Tensor, action: Tensor) -> Tensor:
        """Of int64 actions (M, B)."""
        return torch.log_softmax(out_MBK, 2).gather(2, action[..., None]).squeeze(2)

    def entropy(self, out_MBK: Tensor) -> Tensor:
        """(M, B): -sum_a pi log pi."""
        log_prob_MBK = torch.log_softmax(out_MBK, 2)
        return -(log_prob_MBK.exp() * log_prob_MBK).sum(2)

    def back(self, out_MBK: Tensor, action: Tensor, to_log_prob_MB: Tensor, to_entropy_M1: Tensor) -> Tensor:
        """By log pi(a): 1[a] - pi; by the entropy H: -pi (log pi + H)."""
        log_prob_MBK = torch.log_softmax(out_MBK, 2)
        prob_MBK = log_prob_MBK.exp()
        to_out_MBK = -to_log_prob_MB[..., None] * prob_MBK
        to_out_MBK.scatter_add_(2, action[..., None], to_log_prob_MB[..., None])
        if to_entropy_M1.any():
            entropy_MB1 = -(prob_MBK * log_prob_MBK).sum(2, keepdim=True)
            to_out_MBK -= prob_MBK * (log_prob_MBK + entropy_MB1) * to_entropy_M1[..., None]
        return to_out_MBK


class StackedGaussian(StackedHead):
    """Diagonal Gaussians: outputs are means, the log standard deviations are parameters in the members' rows.

    Args:
        action_shape: of one action.
        log_std_MK: where they are.
        to_log_std_MK: where their derivatives are written.
    """

    def __init__(self, action_shape: tuple[int, ...], log_std_MK: Tensor, to_log_std_MK: Tensor):
        self.action_shape = action_shape
        self.log_std_M1K, self.to_log_std_MK = log_std_MK[:, None], to_log_std_MK

    def noise(self, generators: Sequence[Generator], steps: int, copies: int) -> Tensor:
        """(T, B, K) standard normal: a step after another, since how many are drawn at once decides which they are."""
        size = self.log_std_M1K.shape[2]
        drawn = [torch.stack([torch.randn(copies, size, generator=each) for _ in range(steps)]) for each in generators]
        return torch.cat(drawn, 1)

    def sample(self, out_MEK: Tensor, noise: Tensor) -> Tensor:
        """(B, *action_shape), unbounded."""
        flat_MEK = torch.addcmul(out_MEK, self.log_std_M1K.exp(), noise.view(out_MEK.shape))
        return flat_MEK.reshape(-1, *self.action_shape)

    def mode(self, out_MEK: Tensor) -> Tensor:
        """(B, *action_shape): the means."""
        return out_MEK.reshape(-1, *self.action_shape)

    def log_prob(self, out_MBK: Tensor, action: Tensor) -> Tensor:
        """Of actions (M, B, *action_shape), summed over their dimensions."""
        z_MBK = (action.reshape(out_MBK.shape) - out_MBK) * torch.exp(-self.log_std_M1K)
        return -0.5 * z_MBK.square().sum(2) - (self.log_std_M1K + HALF_LOG_2PI).sum(2)

    def entropy(self, out_MBK: Tensor) -> Tensor:
        """(M, 1)."""
        return (self.log_std_M1K + 0.5 + HALF_LOG_2PI).sum(2)

    def back(self, out_MBK: Tensor, action: Tensor, to_log_prob_MB: Tensor, to_entropy_M1: Tensor) -> Tensor:
        """With z = (a - mean) / std: by the mean z / std, by log std z^2 - 1, and 1 by the entropy of each sample."""
        inverse_M1K = torch.exp(-self.log_std_M1K)
        z_MBK = (action.reshape(out_MBK.shape) - out_MBK) * inverse_M1K
        to_log_prob_MB1 = to_log_prob_MB[..., None]
        to_log_std_MK = (to_log_prob_MB1 * (z_MBK.square() - 1.0)).sum(1) + to_entropy_M1 * out_MBK.shape[1]
        self.to_log_std_MK.copy_(to_log_std_MK)
        return to_log_prob_MB1 * z_MBK * inverse_M1K


def stacked_head(
    head: ActionDistribution, parameters: Sequence[Tensor], flat_MD: Tensor, gradient_MD: Tensor
) -> StackedHead:
    """The policies that have the place of one in every row; UsageError for a kind that has no such form.

    Args:
        head: of any row.
        parameters: what a row holds, in order, the head's own among them.
        flat_MD: all parameters, a member a row.
        gradient_MD: where derivatives are written.
    """
    if isinstance(head, Categorical):
        return StackedCategorical()
    if isinstance(head, DiagonalGaussian):
        here, there = rows_of(parameters, flat_MD), rows_of(parameters, gradient_MD)
        return StackedGaussian(head.action_shape, here[id(head.log_std)], there[id(head.log_std)])
    raise UsageError(f"many policies of {type(head).__name__}; expected Discrete actions, or a Box of numbers")
