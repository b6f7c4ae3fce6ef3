r"""Soft actor-critic with twin critics and automatic temperature (Haarnoja et al. 2018, https://arxiv.org/abs/1812.05905).

Maximise reward and entropy. The actor is a Gaussian squashed by tanh; of two critics the smaller is believed:

    y = r + gamma (min_i Q'_i(s', a') - alpha log pi(a'|s')),  a' ~ pi(.|s')                            (eq. 5, 6)
    J(theta_i) = E[(Q_i(s, a) - y)^2] / 2                                                                (eq. 5)
    J(phi) = E[alpha log pi(a|s) - min_i Q_i(s, a)],  a = tanh(mu(s) + sigma(s) eps)                     (eq. 9)
    J(alpha) = E[-alpha (log pi(a|s) + H)],  H the entropy to hold                                       (eq. 18)
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.envs.spaces import flat_dim
from palestra.envs.world import World
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.noise import NormalNoise
from palestra.learners.off_policy.replaying import ReplayLoop
from palestra.learners.off_policy.squashed_gaussian import SquashedGaussianPolicy, record_squashed
from palestra.learners.off_policy.temperature import SoftConfig, SoftLearned, Temperature
from palestra.measure import Metrics
from palestra.nets.ensemble import Ensemble
from palestra.nets.optimizer import ClippedAdam
from palestra.nets.targets import TargetNetworks, slow_copy
from palestra.ops.distributions import SquashedSample
from palestra.ops.features import flat_features
from palestra.ops.losses import mean, mean_of_least, squared_error
from palestra.ops.terms import Term


@dataclass(frozen=True)
class SACConfig(SoftConfig):
    """Settings of SAC."""


class SAC(Agent, Learner):
    """SAC for Box actions with bounds."""

    name = "sac"
    config_type = SACConfig
    config: SACConfig
    policy: SquashedGaussianPolicy
    saves = ("interaction", "modules", "actor_optimizer", "critic_optimizer", "policy", "loop", "noise")
    derives = ("actions", "actor", "critics", "temperature", "target", "slow")

    def __init__(self, source: str | World, config: SACConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        self.actions = BoxActions(self.env.action_space, self.name, self.device)
        features, init = flat_dim(self.env.observation_space), seeding.generator(seed, "weights")
        self.actor = Ensemble(1, [features, *c.hidden_sizes, 2 * self.actions.size], init, c.precision)
        self.critics = Ensemble(2, [features + self.actions.size, *c.hidden_sizes, 1], init, c.precision)
        self.target = slow_copy(self.critics)
        self.temperature = Temperature(c, target_entropy=-float(self.actions.size))
        self.modules = nn.ModuleDict({
            "actor": self.actor, "critics": self.critics, "target": self.target, "temperature": self.temperature,
        }).to(self.device)  # fmt: skip
        self.actor_optimizer = ClippedAdam([self.actor, self.temperature], c.learning_rate)
        self.critic_optimizer = ClippedAdam([self.critics], c.learning_rate)
        self.slow = TargetNetworks([self.target], self.critic_optimizer)
        self.policy = SquashedGaussianPolicy(self.actor, self.actions, flat_features, seed=seed)
        self.loop = ReplayLoop(self.world, self.interaction, self.actions, c, seed=seed, device=self.device)
        self.noise = NormalNoise(seeding.generator(seed, "noise of updates", device=self.device))

    def step(self) -> Metrics:
        """One round: act for ``train_frequency`` steps, then take ``gradient_steps`` gradient steps."""
        rollout = self.loop.gather(self.policy, self.clock)
        self.clock += rollout.reward.numel()
        metrics = self.interaction.episodes.metrics()
        if self.clock > self.config.learning_starts:
            metrics |= self.update()
        return metrics

    @torch.no_grad()
    def update(self) -> Metrics:
        """A round of gradient steps."""
        for optimizer in (self.actor_optimizer, self.critic_optimizer):
            optimizer.learning_rate = self.config.learning_rate_at(self.budget_used)
        return self.loop.learn(self.gradient_step)

    def gradient_step(self, b: Transitions) -> SoftLearned:
        """One step of the critics, then of actor and temperature, then of the target."""
        b = b.seen_by(flat_features)
        rows = len(b.obs_BF)
        # One pass through the actor serves the states, of which it learns, and their successors.
        out_1BK = self.actor.record(torch.cat((b.obs_BF, b.next_obs_BF)))
        now, then = record_squashed(out_1BK, self.noise.draw(2 * rows, self.actions.size), rows)
        alpha = self.temperature()
        q_MB1 = self.critics.record(b.obs_BF, b.action_B)
        critic_loss = 0.5 * squared_error(q_MB1, self.targets(b, then, alpha))  # eq. 5
        self.critic_optimizer.descend(critic_loss)
        actor_loss = self.actor_loss(b.obs_BF, now, alpha)
        self.actor_optimizer.descend(actor_loss + self.temperature.loss(now.log_prob_B))  # eq. 18
        self.slow.follow(self.config.tau)
        return SoftLearned(critic_loss, q_MB1, now.log_prob_B, alpha)

    def targets(self, b: Transitions, then: SquashedSample, alpha: Tensor) -> Tensor:
        """Y (B,), with the soft value of the policy's own actions; the smaller of two is believed (eq. 5, 6)."""
        next_q_B = self.target(torch.cat((b.next_obs_BF, then.action_BA), 1)).amin(0).squeeze(1)
        return torch.addcmul(b.return_B, b.discount_B, next_q_B - alpha * then.log_prob_B)

    def actor_loss(self, obs_BF: Tensor, now: SquashedSample, alpha: Tensor) -> Term:
        """How far actions are from those that the smaller critic values and the entropy allows (eq. 9)."""
        q_MB1 = self.critics.record(obs_BF, now.action_BA)
        return alpha * mean(now.log_prob_B) - mean_of_least(q_MB1)
