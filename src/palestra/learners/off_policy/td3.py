r"""Twin delayed DDPG (Fujimoto et al. 2018, https://arxiv.org/abs/1802.09477): DDPG with three remedies.

a' = clip(mu'(s') + clip(eps, -c, c), -1, 1),  eps ~ N(0, sigma)     target policy smoothing    (eq. 14)
y = r + gamma min_i Q'_i(s', a')                                     clipped double Q-learning  (eq. 10)
the actor and all targets move once for every d steps of the critics                           (section 5.2)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn

from palestra.data.replay import Transitions
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.deterministic import CriticsLearned, DeterministicConfig, DeterministicPolicy, mu
from palestra.learners.off_policy.replaying import CriticConfig, ReplayLoop
from palestra.learners.off_policy.seeing import seen_slowly
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.encoders import Encoder
from palestra.nets.own import OURS, Networks, own_encoder, own_ensemble
from palestra.nets.targets import slow_copy
from palestra.ops.critic_losses import mean, squared_error
from palestra.ops.tanh import record_tanh
from palestra.ops.terms import Term

ActorLoss = Callable[[Tensor, Tensor], Term]
"""Of features (B, F) and of the actor's actions (B, A) there."""


@dataclass(frozen=True)
class TD3Config(DeterministicConfig):
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


class TwinDelayed:
    """An actor, twin critics, their slow copies, and how they move: TD3 but for where transitions come from.

    Args:
        encoder: of observations. It learns from the critics' loss alone, and is copied with them.
        actions: their bounds.
        config: sizes and rates.
        smoothing: sigma and c of the noise on the target actor's actions.
        init: draws the initial weights.
        networks: of the user's own, if any.
        seed: of the learner.
    """

    saves = ("modules", "actor_optimizer", "critic_optimizer", "noise")
    derives = (
        "encoder", "actor", "critics", "target_encoder", "target_actor", "target_critics", "slow_actor", "slow_critics",
    )  # fmt: skip

    def __init__(
        self, encoder: Encoder, actions: BoxActions, config: CriticConfig, smoothing: tuple[float, float],
        init: Generator, networks: Networks, *, seed: int,
    ):  # fmt: skip
        c, own_seed, device = config, seeding.derive(seed, "own networks"), actions.low.device
        self.encoder, self.tau, self.smoothing = encoder, c.tau, smoothing
        sizes = [encoder.num_features, *c.hidden_sizes, actions.size]
        self.actor = own_ensemble("policy", networks.policy, own_seed + 1, 1, sizes, init, c.precision)
        sizes = [encoder.num_features + actions.size, *c.value_sizes, 1]
        self.critics = own_ensemble("q", networks.q, own_seed + 2, 2, sizes, init, c.precision, c.normed_critics)
        self.target_actor, self.target_critics = slow_copy(self.actor), slow_copy(self.critics)
        self.target_encoder = slow_copy(self.encoder)
        self.modules = nn.ModuleDict({
            "actor": self.actor, "critics": self.critics,
            "target_actor": self.target_actor, "target_critics": self.target_critics,
            "encoder": self.encoder, "target_encoder": self.target_encoder,
        }).to(device)  # fmt: skip
        self.actor_optimizer = ClippedAdam([self.actor], c.learning_rate)
        self.critic_optimizer = ClippedAdam([self.critics, self.encoder], c.learning_rate)
        self.slow_actor = flatten_parameters([self.target_actor])
        self.slow_critics = flatten_parameters([self.target_critics, self.target_encoder])
        self.noise = seeding.generator(seed, "noise of updates", device=device)

    def gradient_step(self, b: Transitions, actor_loss: ActorLoss | None) -> CriticsLearned:
        """One step of the critics; with a loss of the actor's also one of it, and of the targets.

        The loss is of features (B, F) and of the actor's actions (B, A) there, which lead back to its weights.
        """
        q_MB1, target_B = self.critics.record(b.obs_BF, b.action_B), self.targets(b)
        self.critic_optimizer.descend(squared_error(q_MB1, target_B))
        if actor_loss is not None:
            obs_BF = b.obs_BF.detach()
            action_BA = record_tanh(self.actor.record(obs_BF))
            self.actor_optimizer.descend(actor_loss(obs_BF, action_BA))
            self.slow_critics.lerp_(self.critic_optimizer.flat, self.tau)
            self.slow_actor.lerp_(self.actor_optimizer.flat, self.tau)
        return CriticsLearned(q_MB1, target_B)

    def targets(self, b: Transitions) -> Tensor:
        """Y (B,), with the value of the target actor's actions; the smaller of two is believed (eq. 10)."""
        next_action_BA = self.smoothed(mu(self.target_actor, b.next_obs_BF))
        next_q_B = self.target_critics(torch.cat((b.next_obs_BF, next_action_BA), 1)).amin(0).squeeze(1)
        return torch.addcmul(b.return_B, b.discount_B, next_q_B)

    def smoothed(self, action_BA: Tensor) -> Tensor:
        """Actions (B, A) with clipped noise (eq. 14)."""
        std, clip = self.smoothing
        noise_BA = torch.randn(action_BA.shape, generator=self.noise, device=action_BA.device) * std
        return (action_BA + noise_BA.clamp_(-clip, clip)).clamp_(-1.0, 1.0)


class TD3(Agent, Learner):
    """TD3 for Box actions with bounds."""

    name = "td3"
    config_type = TD3Config
    config: TD3Config
    policy: DeterministicPolicy
    saves = ("interaction", "nets", "policy", "loop")
    derives = ("actions", "encoder", "actor", "critics", "target_encoder", "target_actor", "target_critics")

    def __init__(
        self, source: Given, config: TD3Config | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own, own_seed = self.config, networks.names(), seeding.derive(seed, "own networks")
        networks.only("encoder", "policy", "q")
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        self.actions = BoxActions(self.env.action_space, self.name, self.device)
        space, init = self.env.observation_space, seeding.generator(seed, "weights")
        self.encoder = own_encoder(networks.encoder, own_seed, space, init, c.encoder, c.encoder_precision)
        smoothing = c.target_noise, c.target_noise_clip
        self.nets = n = TwinDelayed(self.encoder, self.actions, c, smoothing, init, networks, seed=seed)
        self.modules, self.actor, self.critics = n.modules, n.actor, n.critics
        self.target_encoder, self.target_actor, self.target_critics = n.target_encoder, n.target_actor, n.target_critics
        self.policy = DeterministicPolicy(self.actor, self.actions, self.encoder.see, c, self.env.num_envs, seed=seed)
        self.loop = ReplayLoop(self.world, self.interaction, self.actions, c, seed=seed, device=self.device)

    def facts(self) -> dict[str, Any]:
        """Its spaces, and the demonstrations that it learns from, if any."""
        return {**super().facts(), **self.loop.facts}

    def step(self) -> Metrics:
        """One round: act for ``train_frequency`` steps, then take ``gradient_steps`` gradient steps."""
        rollout = self.loop.gather(self.policy, self.clock)
        self.clock += rollout.reward.numel()
        self.policy.noise.begin(rollout.done.any(0))
        metrics = self.interaction.episodes.metrics()
        if self.clock > self.config.learning_starts:
            metrics |= self.update()
        return metrics

    @torch.no_grad()
    def update(self) -> Metrics:
        """A round of gradient steps."""
        nets, rate = self.nets, self.config.learning_rate_at(self.budget_used)
        nets.actor_optimizer.learning_rate = nets.critic_optimizer.learning_rate = rate
        see, encoder, slow = self.encoder.to_batch, self.encoder, self.target_encoder
        return self.loop.learn(lambda b: self.gradient_step(seen_slowly(b.seen_by(see), encoder, slow)))

    def gradient_step(self, b: Transitions) -> CriticsLearned:
        """One step of the critics; every ``policy_delay`` of them one of the actor and of the targets."""
        moves = self.loop.gradient_steps_done % self.config.policy_delay == 0
        return self.nets.gradient_step(b, self.actor_loss if moves else None)

    def actor_loss(self, obs_BF: Tensor, action_BA: Tensor) -> Term:
        """How little the first critic values the actor's actions."""
        return -mean(self.critics.record(obs_BF, action_BA, number=1))

    def resumed(self) -> None:
        """The noise begins anew with an episode."""
        self.policy.noise.begin(self.interaction.restarted_E)
