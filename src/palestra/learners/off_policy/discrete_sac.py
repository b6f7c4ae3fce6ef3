r"""Soft actor-critic for discrete actions (Christodoulou 2019, https://arxiv.org/abs/1910.07207).

What SAC estimates from one sampled action is here an exact sum over all of them:

    V(s) = sum_a pi(a|s) (min_i Q'_i(s, a) - alpha log pi(a|s))                                          (eq. 10)
    y = r + gamma V(s'),    J(theta_i) = E[(Q_i(s, a) - y)^2] / 2                                        (as in SAC)
    J(phi) = E[sum_a pi(a|s) (alpha log pi(a|s) - min_i Q_i(s, a))]                                      (eq. 12)
    J(alpha) = E[sum_a -alpha pi(a|s) (log pi(a|s) + H)],  H the entropy to hold                         (eq. 11)
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from gymnasium import spaces
from torch import Tensor
from torch.nn import functional as F

from palestra.data.replay import Transitions
from palestra.errors import UsageError, require
from palestra.learners.off_policy.replaying import Figures
from palestra.learners.off_policy.sac import SAC, SACConfig, soft_figures
from palestra.ops.distributions import categorical_entropy, categorical_sample
from palestra.ops.losses import squared_error
from palestra.ops.soft_value import mean_soft_value, soft_value
from palestra.ops.terms import gather


@dataclass(frozen=True)
class DiscreteSACConfig(SACConfig):
    """Settings of discrete SAC."""

    target_entropy: float | None = None
    """H, nats to hold when alpha is learned; none for ``target_entropy_share`` of what uniform actions have."""
    target_entropy_share: float = 0.5
    """H as a share of log |A|, the entropy of uniform actions; the paper's 0.98 is nearly uniform."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share = self.target_entropy_share
        require(0 < share < 1, f"target_entropy_share={share}", "0 < target_entropy_share < 1")


class DiscreteSAC(SAC):
    """SAC for Discrete actions."""

    name = "discrete-sac"
    config_type: ClassVar[type[DiscreteSACConfig]] = DiscreteSACConfig
    config: DiscreteSACConfig

    def know_actions(self) -> tuple[tuple[int, ...], torch.dtype]:
        """Take note of the action space; UsageError if it is not Discrete."""
        space = self.env.action_space
        if not isinstance(space, spaces.Discrete):
            raise UsageError(f"{self.name} cannot act in {space}; expected a Discrete action space (sac serves Box)")
        self.num_actions = int(space.n)
        return (), torch.int64

    def sizes(self) -> tuple[list[int], list[int]]:
        """Of the layers of actor and critics: from features to a number for each action."""
        layers = [self.num_features(), *self.config.hidden_sizes, self.num_actions]
        return layers, layers

    def default_entropy(self) -> float:
        """H if the settings name none: a share of that of uniform actions."""
        return self.config.target_entropy_share * math.log(self.num_actions)

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B,): the most probable, or a sample."""
        x_BF = self.features(obs_BF)
        return self.actor(x_BF)[0].argmax(1) if deterministic else self.explore(x_BF)

    def explore(self, obs_EF: Tensor) -> Tensor:
        """A sample of the policy (E,)."""
        return categorical_sample(self.actor(obs_EF)[0], self.acting)

    def random_actions(self, num: int) -> Tensor:
        """Uniform actions (num,)."""
        return torch.randint(self.num_actions, (num,), generator=self.acting, device=self.device)

    def to_env(self, action_E: Tensor) -> Tensor:
        """Actions (E,) as they are."""
        return action_E

    def gradient_step(self, b: Transitions) -> Figures:
        """One step of the critics, then of actor and temperature."""
        rows = len(b.obs_BF)
        # One pass through the actor serves the states, of which it learns, and their successors.
        logits_1BA = self.actor.record(torch.cat((b.obs_BF, b.next_obs_BF)))
        log_prob_BA, next_log_prob_BA = F.log_softmax(logits_1BA[0].detach(), 1).split(rows)
        entropy_B = categorical_entropy(logits_1BA[0, :rows].detach())
        alpha = self.temperature()
        next_value_B = soft_value(next_log_prob_BA, self.target(b.next_obs_BF).amin(0), alpha)  # eq. 10
        target_B = torch.addcmul(b.return_B, b.discount_B, next_value_B)
        out_NBA = self.critics.record(b.obs_BF)
        q_NB1 = gather(out_NBA, 2, b.action_B[:, None].expand(len(out_NBA), -1, 1))
        critic_loss = 0.5 * squared_error(q_NB1, target_B)
        self.critic_optimizer.descend(critic_loss)
        actor_loss = -mean_soft_value(logits_1BA, log_prob_BA, self.critics(b.obs_BF).amin(0), alpha)  # eq. 12
        # eq. 11: minus the entropy is the sum over actions of pi log pi
        self.actor_optimizer.descend(actor_loss + self.temperature_loss(-entropy_B))
        self.target_flat.lerp_(self.critic_optimizer.flat, self.config.tau)
        return lambda: soft_figures(critic_loss, q_NB1, -entropy_B, alpha)
