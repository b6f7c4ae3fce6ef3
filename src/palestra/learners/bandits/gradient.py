r"""The gradient bandit (Sutton & Barto 2018, section 2.8; Williams 1992).

A softmax policy over preferences H, moved along a sample of the gradient of the expected reward:

    pi_t(a) = exp H_t(a) / sum_b exp H_t(b)                                                       (eq. 2.11)
    H(a) <- H(a) + alpha (r_t - b_t) (1{a = a_t} - pi_t(a))      for every arm a                  (eq. 2.12)

The baseline b_t is the mean of the rewards before t (at the first pull, that reward). It leaves the expected step as it
is, since sum_a pi(a) (1{a = a_t} - pi(a)) has mean 0, and takes out of its variance what all arms have in common.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator

from palestra.envs.bandits import Arms
from palestra.errors import require
from palestra.learners.bandits.rule import BanditConfig, BanditRule
from palestra.ops.columns import Array, array, tensor


@dataclass(frozen=True)
class GradientBanditConfig(BanditConfig):
    """Settings of the gradient bandit."""

    step_size: float = 0.1
    """alpha. It is constant, so the policy also follows arms that change."""
    baseline: bool = True
    """Compare rewards with their mean so far rather than with 0."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.step_size > 0, f"step_size={self.step_size:g}", "a positive number")


class GradientBandit(BanditRule):
    """A softmax policy that climbs the expected reward."""

    name = "gradient-bandit"
    saves = ("preference_AB", "baseline_B")
    derives = ("policy_AB", "uniform_TB")
    config_type = GradientBanditConfig
    config: GradientBanditConfig

    def __init__(self, config: Any, arms: Arms, generator: Generator, device: torch.device):
        super().__init__(config, arms, generator, device)
        self.preference_AB = torch.zeros(self.shape, device=self.device)
        self.baseline_B = torch.zeros(self.shape[1], device=self.device)
        self.policy_AB = torch.empty(self.shape, device=self.device)  # of the pull that is being made

    def prepare(self, first: int, pulls: int) -> None:
        """Draw the uniform numbers that pick the arms."""
        self.uniform_TB = torch.rand(pulls, self.shape[1], generator=self.generator, device=self.device)

    def choose(self, t: int, p: int) -> Array:
        """A sample of the softmax policy, by inverting its cumulative distribution."""
        torch.softmax(self.preference_AB, 0, out=self.policy_AB)
        # The last row is 1 up to rounding: leaving it out keeps every sample below A.
        cumulative_AB = self.policy_AB.cumsum(0)[:-1]
        return array(torch.ge(self.uniform_TB[p], cumulative_AB, out=cumulative_AB).sum(0).long())

    def update(self, index_B: Array, reward_B: Array, t: int) -> None:
        """One step of eq. 2.12, with the policy that ``choose`` has computed."""
        index_B, reward_B = tensor(index_B), tensor(reward_B)
        if self.config.baseline:
            if t == 1:
                self.baseline_B.copy_(reward_B)
            advantage_B = reward_B - self.baseline_B
            self.baseline_B += advantage_B / t
        else:
            advantage_B = reward_B.clone()
        advantage_B *= self.config.step_size
        self.preference_AB.addcmul_(self.policy_AB, advantage_B, value=-1.0)
        self.preference_AB.view(-1).index_add_(0, index_B, advantage_B)
