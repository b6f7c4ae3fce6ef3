r"""Twin delayed DDPG (Fujimoto et al. 2018, https://arxiv.org/abs/1802.09477): DDPG with three remedies.

a' = clip(mu'(s') + clip(eps, -c, c), -1, 1),  eps ~ N(0, sigma)     target policy smoothing    (eq. 14)
y = r + gamma min_i Q'_i(s', a')                                     clipped double Q-learning  (eq. 10)
the actor and all targets move once for every d steps of the critics                           (section 5.2)
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from palestra.data.replay import Transitions
from palestra.errors import require
from palestra.learners.off_policy.ddpg import DDPG, DDPGConfig
from palestra.learners.off_policy.replaying import Figures


@dataclass(frozen=True)
class TD3Config(DDPGConfig):
    """Settings of TD3."""

    policy_delay: int = 2
    """d, steps of the critics for one step of the actor and the targets."""
    target_noise: float = 0.2
    """sigma of the noise on the target actor's actions."""
    target_noise_clip: float = 0.5
    """c, where that noise is clipped."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.policy_delay >= 1, f"policy_delay={self.policy_delay}", "at least 1")
        require(self.target_noise >= 0, f"target_noise={self.target_noise}", "0 or more")
        require(self.target_noise_clip >= 0, f"target_noise_clip={self.target_noise_clip}", "0 or more")


class TD3(DDPG):
    """TD3 for Box actions with bounds."""

    name = "td3"
    config_type: ClassVar[type[TD3Config]] = TD3Config
    config: TD3Config
    num_critics = 2

    def gradient_step(self, b: Transitions) -> Figures:
        """One step of the critics; every ``policy_delay`` of them one of the actor and of the targets."""
        c = self.config
        target_BA = self.target_actor(b.next_obs_BF)[0].tanh()
        noise_BA = torch.randn(target_BA.shape, generator=self.learning, device=self.device) * c.target_noise
        smoothed_BA = (target_BA + noise_BA.clamp_(-c.target_noise_clip, c.target_noise_clip)).clamp_(
            -1.0, 1.0
        )  # eq. 14
        figures = self.learn_critics(b, smoothed_BA)
        if self.gradient_steps_done % c.policy_delay == 0:
            self.learn_actor(b.obs_BF)
            self.follow()
        return figures
