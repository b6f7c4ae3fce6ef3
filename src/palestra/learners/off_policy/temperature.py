"""The temperature alpha of soft actor-critics: what a nat of the policy's entropy is worth."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from palestra.errors import require
from palestra.learners.off_policy.replaying import OffPolicyConfig
from palestra.ops.terms import Term


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

    fixed: Tensor | None
    """alpha, if it is not learned."""

    def __init__(self, config: SoftConfig, target_entropy: float):
        super().__init__()
        self.register_buffer("fixed", None if config.temperature is None else torch.tensor(config.temperature), False)
        self.target_entropy = target_entropy if config.target_entropy is None else config.target_entropy
        self.log = nn.Parameter(torch.tensor(math.log(config.initial_temperature)))


class SoftLearned(NamedTuple):
    """What a gradient step of a soft actor-critic found."""

    critic_loss: Term
    """Of both critics together."""
    q_MB1: Tensor
    """What each said of the actions taken."""
    log_prob_B: Tensor
    """Minus the policy's entropy, estimated or exact."""
    alpha: Tensor
    """The temperature."""

    def figures(self) -> dict[str, Tensor]:
        """Means, and the critics' loss."""
        return {
            "critic_loss": self.critic_loss.value,
            "q_mean": self.q_MB1.detach().mean(),
            "entropy": -self.log_prob_B.detach().mean(),
            "temperature": self.alpha,
        }
