r"""Deep deterministic policy gradient (Lillicrap et al. 2016, https://arxiv.org/abs/1509.02971).

A critic learns the value of what the actor would do, and the actor climbs the critic:

    y = r + gamma Q'(s', mu'(s'))                                                              (algorithm 1)
    J(theta) = E[(Q(s, a) - y)^2],    grad J(phi) = E[grad_a Q(s, a)|a=mu(s) grad_phi mu(s)]   (eq. 5, 6)
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions
from palestra.engine import seeding
from palestra.envs.spaces import flat_dim
from palestra.envs.world import World
from palestra.errors import require
from palestra.learners.off_policy.replaying import Figures, OffPolicy, OffPolicyConfig, make_target
from palestra.nets.ensemble import Ensemble
from palestra.nets.optimizer import ClippedAdam, flatten_parameters
from palestra.ops.distributions import record_tanh
from palestra.ops.features import flat_features
from palestra.ops.losses import mean, squared_error

OU_RATE = 0.15
"""theta of the Ornstein-Uhlenbeck process: the share by which it returns to zero at each step (section 7)."""


@dataclass(frozen=True)
class DDPGConfig(OffPolicyConfig):
    """Settings of DDPG."""

    learning_rate: float = 1e-3
    """Of Adam, for actor and critics."""
    noise: Literal["gaussian", "ou"] = "gaussian"
    """Exploration: independent Gaussian numbers, or an Ornstein-Uhlenbeck process, which wanders."""
    noise_std: float = 0.1
    """Standard deviation of what drives the noise; half the width of the action space is 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.noise_std >= 0, f"noise_std={self.noise_std}", "0 or more")


class DDPG(OffPolicy):
    """DDPG for Box actions with bounds."""

    name = "ddpg"
    config_type = DDPGConfig
    config: DDPGConfig
    num_critics = 1

    def __init__(self, env: str | World, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        c, features = self.config, flat_dim(self.env.observation_space)
        init = seeding.generator(seed, "weights")

        def actor() -> Ensemble:
            return Ensemble(1, [features, *c.hidden_sizes, self.action_size], init, c.precision)

        def critics() -> Ensemble:
            return Ensemble(self.num_critics, [features + self.action_size, *c.hidden_sizes, 1], init, c.precision)

        self.actor, self.critics = actor(), critics()
        self.target_actor, self.target_critics = make_target(self.actor, actor()), make_target(self.critics, critics())
        self._modules = nn.ModuleDict({
            "actor": self.actor, "critics": self.critics,
            "target_actor": self.target_actor, "target_critics": self.target_critics,
        }).to(self.device)  # fmt: skip
        self.actor_optimizer = ClippedAdam([self.actor], c.learning_rate)
        self.critic_optimizer = ClippedAdam([self.critics], c.learning_rate)
        self.target_actor_flat = flatten_parameters([self.target_actor])
        self.target_critic_flat = flatten_parameters([self.target_critics])
        self.ou_EA = torch.zeros(self.env.num_envs, self.action_size, device=self.device)

    @property
    def modules(self) -> nn.Module:
        """All networks."""
        return self._modules

    def optimizers(self) -> dict[str, ClippedAdam]:
        """Those of actor and critics."""
        return {"actor": self.actor_optimizer, "critics": self.critic_optimizer}

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, *shape) within the bounds: the actor's, or with Gaussian noise."""
        action_BA: Tensor = self.actor(flat_features(obs_BF))[0].tanh()
        if not deterministic:
            action_BA = (action_BA + self.config.noise_std * self._normal(action_BA)).clamp(-1.0, 1.0)
        return self.to_env(action_BA)

    def _normal(self, like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=self.acting, device=self.device)

    def explore(self, obs_EF: Tensor) -> Tensor:
        """The actor's actions (E, A) with noise, kept between -1 and 1."""
        action_EA: Tensor = self.actor(obs_EF)[0].tanh()
        noise_EA = self.config.noise_std * self._normal(action_EA)
        if self.config.noise == "ou":  # one step of Euler's method with dt = 1
            noise_EA = self.ou_EA = (1.0 - OU_RATE) * self.ou_EA + noise_EA
        return (action_EA + noise_EA).clamp(-1.0, 1.0)

    def after_rollout(self, done_TE: Tensor) -> None:
        """The noise process begins anew with an episode."""
        self.ou_EA = self.ou_EA * ~done_TE.any(0)[:, None]

    def gradient_step(self, b: Transitions) -> Figures:
        """One step of the critic, then of the actor, then of their targets."""
        figures = self.learn_critics(b, self.target_actor(b.next_obs_BF)[0].tanh())
        self.learn_actor(b.obs_BF)
        self.follow()
        return figures

    def learn_critics(self, b: Transitions, next_action_BA: Tensor) -> Figures:
        """Critics towards the value of the target actor's actions; with two of them the smaller is believed."""
        next_q_B = self.target_critics(torch.cat((b.next_obs_BF, next_action_BA), 1)).amin(0).squeeze(1)
        target_B = torch.addcmul(b.return_B, b.discount_B, next_q_B)  # algorithm 1: y
        q_NB1 = self.critics.record(b.obs_BF, b.action_B)
        self.critic_optimizer.descend(squared_error(q_NB1, target_B))  # eq. 5
        error_NB1 = q_NB1.detach() - target_B[:, None]
        return lambda: {"critic_loss": error_NB1.square().mean(), "q_mean": q_NB1.detach().mean()}

    def learn_actor(self, obs_BF: Tensor) -> None:
        """The actor up the first critic (eq. 6)."""
        action_BA = record_tanh(self.actor.record(obs_BF))
        q_1B1 = self.critics.record(obs_BF, action_BA, number=1)
        self.actor_optimizer.descend(-mean(q_1B1))

    def follow(self) -> None:
        """Target networks move towards their networks."""
        self.target_critic_flat.lerp_(self.critic_optimizer.flat, self.config.tau)
        self.target_actor_flat.lerp_(self.actor_optimizer.flat, self.config.tau)

    def more_state(self) -> dict[str, Any]:
        """The noise process."""
        return {"ou": self.ou_EA}

    def load_more_state(self, state: dict[str, Any], restarted_E: Tensor) -> None:
        """Continue from ``more_state``; the noise begins anew with an episode."""
        self.ou_EA = state["ou"].to(self.device) * ~restarted_E[:, None]
