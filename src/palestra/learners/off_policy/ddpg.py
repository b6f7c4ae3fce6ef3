r"""Deep deterministic policy gradient (Lillicrap et al. 2016, https://arxiv.org/abs/1509.02971).

A critic learns the value of what the actor would do, and the actor climbs the critic:

    y = r + gamma Q'(s', mu'(s'))                                                              (algorithm 1)
    J(theta) = E[(Q(s, a) - y)^2],    grad J(phi) = E[grad_a Q(s, a)|a=mu(s) grad_phi mu(s)]   (eq. 5, 6)
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.deterministic import CriticsLearned, DeterministicConfig, DeterministicPolicy, mu
from palestra.learners.off_policy.replaying import ReplayLoop
from palestra.learners.off_policy.seeing import seen_slowly
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.own import OURS, Networks, own_encoder, own_ensemble
from palestra.nets.targets import slow_copy
from palestra.ops.critic_losses import mean, squared_error
from palestra.ops.tanh import record_tanh


@dataclass(frozen=True)
class DDPGConfig(DeterministicConfig):
    """Settings of DDPG."""


class DDPG(Agent, Learner):
    """DDPG for Box actions with bounds."""

    name = "ddpg"
    config_type = DDPGConfig
    config: DDPGConfig
    policy: DeterministicPolicy
    saves = ("interaction", "modules", "actor_optimizer", "critic_optimizer", "policy", "loop")
    derives = (
        "actions", "encoder", "actor", "critics", "target_encoder", "target_actor", "target_critics",
        "slow_actor", "slow_critics",
    )  # fmt: skip

    def __init__(
        self, source: Given, config: DDPGConfig | None = None, *, seed: int = 0, device: str = "auto",
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
        features = self.encoder.num_features
        sizes = [features, *c.hidden_sizes, self.actions.size]
        self.actor = own_ensemble("policy", networks.policy, own_seed + 1, 1, sizes, init, c.precision)
        sizes = [features + self.actions.size, *c.value_sizes, 1]
        self.critics = own_ensemble("q", networks.q, own_seed + 2, 1, sizes, init, c.precision, c.normed_critics)
        self.target_actor, self.target_critics = slow_copy(self.actor), slow_copy(self.critics)
        self.target_encoder = slow_copy(self.encoder)
        self.modules = nn.ModuleDict({
            "actor": self.actor, "critics": self.critics,
            "target_actor": self.target_actor, "target_critics": self.target_critics,
            "encoder": self.encoder, "target_encoder": self.target_encoder,
        }).to(self.device)  # fmt: skip
        self.actor_optimizer = ClippedAdam([self.actor], c.learning_rate)
        # The encoder learns from the critics' loss alone, and is copied with them.
        self.critic_optimizer = ClippedAdam([self.critics, self.encoder], c.learning_rate)
        self.slow_actor = flatten_parameters([self.target_actor])
        self.slow_critics = flatten_parameters([self.target_critics, self.target_encoder])
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
        rate = self.config.learning_rate_at(self.budget_used)
        self.actor_optimizer.learning_rate = self.critic_optimizer.learning_rate = rate
        see, encoder, slow = self.encoder.to_batch, self.encoder, self.target_encoder
        return self.loop.learn(lambda b: self.gradient_step(seen_slowly(b.seen_by(see), encoder, slow)))

    def gradient_step(self, b: Transitions) -> CriticsLearned:
        """One step of the critic, then of the actor, then of their targets."""
        q_1B1, target_B = self.critics.record(b.obs_BF, b.action_B), self.targets(b)
        self.critic_optimizer.descend(squared_error(q_1B1, target_B))  # eq. 5
        obs_BF = b.obs_BF.detach()
        action_BA = record_tanh(self.actor.record(obs_BF))
        self.actor_optimizer.descend(-mean(self.critics.record(obs_BF, action_BA)))  # eq. 6
        self.slow_critics.lerp_(self.critic_optimizer.flat, self.config.tau)
        self.slow_actor.lerp_(self.actor_optimizer.flat, self.config.tau)
        return CriticsLearned(q_1B1, target_B)

    def targets(self, b: Transitions) -> Tensor:
        """Y (B,), with the value of the target actor's actions (algorithm 1)."""
        next_action_BA = mu(self.target_actor, b.next_obs_BF)
        next_q_B = self.target_critics(torch.cat((b.next_obs_BF, next_action_BA), 1))[0].squeeze(1)
        return torch.addcmul(b.return_B, b.discount_B, next_q_B)

    def resumed(self) -> None:
        """The noise begins anew with an episode."""
        self.policy.noise.begin(self.interaction.restarted_E)
