"""The temperature alpha of soft actor-critics: what a nat of the policy's entropy is worth."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from palestra.errors import require
from palestra.learners.off_policy.replaying import OffPolicyConfig


@dataclass(frozen=True)
class SoftConfig(OffPolicyConfig):
    """Settings of the actor-critics that are paid for entropy."""

    temperature: float | None = None
    """alpha, weight of the entropy; none to learn it."""
    initial_temperature: float = 1.0
    """alpha to begin with when it is learned."""
    target_entropy: float | None = None
    """H, nats to hold when alpha is learned; none for minus the number of action dimensions."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require((self.temperature or 0) >= 0, f"temperature={self.temperature}", "none, or 0 or more")
        require(self.initial_temperature > 0, f"initial_temperature={self.initial_temperature}", "a positive number")


class Temperature(nn.Module):
    """alpha: fixed, or learned so that the policy holds an entropy.

    Its logarithm is a parameter that steps with the actor's, though along a gradient of its own: Adam knows no
    neighbours.

    Args:
        config: alpha, or the one to begin with.
        target_entropy: H, nats to hold, if the settings name none.
    """

    def __init__(self, config: SoftConfig, target_entropy: float):
        super().__init__()
        self.fixed = config.temperature
        self.target_entropy = target_entropy if config.target_entropy is None else config.target_entropy
        self.log = nn.Parameter(torch.tensor(math.log(config.initial_temperature)))

    def forward(self) -> Tensor:
        """Scalar alpha, as a constant."""
        if self.fixed is not None:
            return torch.tensor(self.fixed, device=self.log.device)
        return self.log.detach().exp()

    def backward(self, entropy: Tensor) -> None:
        """Write the gradient by log alpha that raises it where the policy's mean entropy, a scalar, is below the target
        (Haarnoja et al. 2018, eq. 18); none if alpha is fixed.
        """
        if self.fixed is None:
            assert self.log.grad is not None
            torch.sub(entropy, self.target_entropy, out=self.log.grad)


class SoftLearned(NamedTuple):
    """What a gradient step of a soft actor-critic found."""

    error_NB1: Tensor
    """By how much each critic was wrong."""
    q_NB1: Tensor
    """What each said of the actions taken."""
    entropy_B: Tensor
    """Nats of the policy, estimated or exact."""
    alpha: Tensor
    """The temperature."""

    def figures(self) -> dict[str, Tensor]:
        """Means, and the critics' loss."""
        return {
            "critic_loss": 0.5 * self.error_NB1.square().mean(1).sum(),  # Haarnoja et al. 2018, eq. 5
            "q_mean": self.q_NB1.mean(),
            "entropy": self.entropy_B.mean(),
            "temperature": self.alpha,
        }
