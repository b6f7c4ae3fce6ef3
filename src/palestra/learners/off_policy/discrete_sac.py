r"""Soft actor-critic for discrete actions (Christodoulou 2019, https://arxiv.org/abs/1910.07207).

What SAC estimates from one sampled action is here an exact sum over all of them:

    V(s) = sum_a pi(a|s) (min_i Q'_i(s, a) - alpha log pi(a|s))                                          (eq. 10)
    y = r + gamma V(s'),    J(theta_i) = E[(Q_i(s, a) - y)^2] / 2                                        (as in SAC)
    J(phi) = E[sum_a pi(a|s) (alpha log pi(a|s) - min_i Q_i(s, a))]                                      (eq. 12)
    J(alpha) = E[sum_a -alpha pi(a|s) (log pi(a|s) + H)],  H the entropy to hold                         (eq. 11)
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from gymnasium import spaces
from torch import Tensor
from torch.nn import functional as F

from palestra.data.replay import Transitions
from palestra.errors import UsageError, require
from palestra.learners.off_policy.replaying import Figures
from palestra.learners.off_policy.sac import SAC, SACConfig, soft_figures
from palestra.ops.distributions import categorical_entropy, categorical_sample
from palestra.ops.soft_value import soft_value, soft_value_gradient


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
        # One pass through the actor serves the states and their successors.
        recorded = self.actor.record(torch.cat((b.obs_BF, b.next_obs_BF)))
        log_prob_BA, next_log_prob_BA = F.log_softmax(recorded.out[0], 1).split(rows)
        entropy_B = categorical_entropy(recorded.out[0, :rows])
        alpha = self.temperature()
        if self.config.temperature is None:
            self.learn_temperature(-entropy_B)  # eq. 11: the sum over actions of pi log pi
        error_NB1, q_NB1 = self.learn_values(b, next_log_prob_BA, alpha)
        self.learn_policy(b.obs_BF, recorded.rows(rows), log_prob_BA, alpha)
        self.target_flat.lerp_(self.critic_optimizer.flat, self.config.tau)
        return lambda: soft_figures(error_NB1, q_NB1, entropy_B, alpha)

    def learn_values(self, b: Transitions, next_log_prob_BA: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
        """Both critics towards the soft target; returns errors and values of the actions taken, (N, B, 1) each."""
        next_value_B = soft_value(next_log_prob_BA, self.target(b.next_obs_BF).amin(0), alpha)  # eq. 10
        target_B = torch.addcmul(b.return_B, b.discount_B, next_value_B)
        recorded = self.critics.record(b.obs_BF)
        taken_NB1 = b.action_B[:, None].expand(len(recorded.out), -1, 1)
        q_NB1 = recorded.out.gather(2, taken_NB1)
        error_NB1 = q_NB1 - target_B[:, None]
        to_out_NBA = torch.zeros_like(recorded.out).scatter_(2, taken_NB1, error_NB1 / len(target_B))
        self.critics.backward(recorded, to_out_NBA)
        self.critic_optimizer.step()
        return error_NB1, q_NB1

    def learn_policy(self, obs_BF: Tensor, recorded: Any, log_prob_BA: Tensor, alpha: Tensor) -> None:
        """The actor towards actions that the smaller critic values and the entropy allows (eq. 12)."""
        q_BA = self.critics(obs_BF).amin(0)
        to_logits_BA = -soft_value_gradient(log_prob_BA, q_BA, alpha) / len(obs_BF)
        self.actor.backward(recorded, to_logits_BA[None])
        self.actor_optimizer.step()
