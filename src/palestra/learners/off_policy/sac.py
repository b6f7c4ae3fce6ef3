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
from palestra.learners.off_policy.squashed_gaussian import SquashedGaussianPolicy, squashed
from palestra.learners.off_policy.temperature import SoftConfig, SoftLearned, Temperature
from palestra.measure import Metrics
from palestra.nets.ensemble import Ensemble, EnsembleRecording
from palestra.nets.optimizer import ClippedAdam
from palestra.nets.targets import TargetNetworks, slow_copy
from palestra.ops.distributions import SquashedSample, squashed_gaussian_gradient
from palestra.ops.features import flat_features


@dataclass(frozen=True)
class SACConfig(SoftConfig):
    """Settings of SAC."""


class SAC(Agent, Learner):
    """SAC for Box actions with bounds."""

    name = "sac"
    config_type = SACConfig
    config: SACConfig
    policy: SquashedGaussianPolicy
    saves = ("modules", "actor_optimizer", "critic_optimizer", "policy", "loop", "noise")
    derives = ("actions", "actor", "critics", "temperature", "target", "slow")

    def __init__(self, source: str | World, config: SACConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
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
        # One pass through the actor serves the states and their successors.
        recorded = self.actor.record(torch.cat((b.obs_BF, b.next_obs_BF)))
        drawn = squashed(recorded.out[0], self.noise.draw(2 * rows, self.actions.size))
        now, then = (SquashedSample._make(parts) for parts in zip(*(x.split(rows) for x in drawn)))
        alpha = self.temperature()
        error_NB1, q_NB1 = self.learn_critics(b, then, alpha)
        self.learn_actor(b.obs_BF, recorded.rows(rows), now, alpha)
        self.slow.follow(self.config.tau)
        return SoftLearned(error_NB1, q_NB1, -now.log_prob_B, alpha)

    def learn_critics(self, b: Transitions, then: SquashedSample, alpha: Tensor) -> tuple[Tensor, Tensor]:
        """Both critics towards the soft target; returns their errors and values, (N, B, 1) each."""
        next_q_B = self.target(torch.cat((b.next_obs_BF, then.action_BA), 1)).amin(0).squeeze(1)
        target_B = torch.addcmul(b.return_B, b.discount_B, next_q_B - alpha * then.log_prob_B)  # eq. 5, 6
        recorded = self.critics.record(torch.cat((b.obs_BF, b.action_B), 1))
        error_NB1 = recorded.out - target_B[:, None]
        self.critics.backward(recorded, error_NB1 / len(target_B))
        self.critic_optimizer.step()
        return error_NB1, recorded.out

    def learn_actor(self, obs_BF: Tensor, recorded: EnsembleRecording, now: SquashedSample, alpha: Tensor) -> None:
        """The actor towards actions that the smaller critic values and the entropy allows (eq. 9); alpha towards the
        entropy to hold (eq. 18).
        """
        judged = self.critics.record(torch.cat((obs_BF, now.action_BA), 1))
        chosen_NB1 = torch.zeros_like(judged.out).scatter_(0, judged.out.argmin(0, keepdim=True), 1.0)
        to_action_BA = self.critics.backward_to_input(judged, chosen_NB1, first=obs_BF.shape[1]).sum(0)
        to_out_BK = squashed_gaussian_gradient(now, -to_action_BA, alpha) / len(obs_BF)
        self.actor.backward(recorded, to_out_BK[None])
        self.temperature.backward(-now.log_prob_B.mean())
        self.actor_optimizer.step()

    def resumed(self) -> None:
        """What belonged to episodes that are gone ends there."""
        self.loop.restart(self.interaction.restarted_E)
