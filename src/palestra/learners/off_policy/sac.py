r"""Soft actor-critic with twin critics and automatic temperature (Haarnoja et al. 2018, https://arxiv.org/abs/1812.05905).

Maximise reward and entropy. The actor is a Gaussian squashed by tanh; of two critics the smaller is believed:

    y = r + gamma (min_i Q'_i(s', a') - alpha log pi(a'|s')),  a' ~ pi(.|s')                            (eq. 5, 6)
    J(theta_i) = E[(Q_i(s, a) - y)^2] / 2                                                                (eq. 5)
    J(phi) = E[alpha log pi(a|s) - min_i Q_i(s, a)],  a = tanh(mu(s) + sigma(s) eps)                     (eq. 9)
    J(alpha) = E[-alpha (log pi(a|s) + H)],  H the entropy to hold                                       (eq. 18)
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.replaying import ReplayLoop
from palestra.learners.off_policy.seeing import Seen, seen
from palestra.learners.off_policy.squashed_gaussian import SquashedGaussianPolicy
from palestra.learners.off_policy.temperature import SoftConfig, SoftLearned, Temperature
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.encoders import EncoderName
from palestra.nets.own import OURS, Networks, own_encoder, own_ensemble
from palestra.nets.precision import Precision
from palestra.nets.targets import slow_copy
from palestra.ops.critic_losses import entropy_to_hold, mean, mean_of_least, squared_error
from palestra.ops.squashed_gaussian import SquashedSample, record_squashed
from palestra.ops.terms import Term


@dataclass(frozen=True)
class SACConfig(SoftConfig):
    """Settings of SAC."""

    encoder: EncoderName = "fast"
    """Of images: fast, nature (Mnih et al. 2015) or notes (four layers of 3 x 3), or flat for none: pixels one by one.
    Vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""


class SAC(Agent, Learner):
    """SAC for Box actions with bounds."""

    name = "sac"
    config_type = SACConfig
    config: SACConfig
    policy: SquashedGaussianPolicy
    saves = ("interaction", "modules", "actor_optimizer", "critic_optimizer", "policy", "loop", "noise")
    derives = ("actions", "encoder", "actor", "critics", "temperature", "target", "target_encoder", "slow")

    def __init__(
        self, source: Given, config: SACConfig | None = None, *, seed: int = 0, device: str = "auto",
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
        sizes = [features, *c.hidden_sizes, 2 * self.actions.size]
        self.actor = own_ensemble("policy", networks.policy, own_seed + 1, 1, sizes, init, c.precision)
        sizes = [features + self.actions.size, *c.value_sizes, 1]
        self.critics = own_ensemble("q", networks.q, own_seed + 2, 2, sizes, init, c.precision, c.normed_critics)
        self.target, self.target_encoder = slow_copy(self.critics), slow_copy(self.encoder)
        self.temperature = Temperature(c, target_entropy=-float(self.actions.size))
        self.modules = nn.ModuleDict({
            "actor": self.actor, "critics": self.critics, "target": self.target, "temperature": self.temperature,
            "encoder": self.encoder, "target_encoder": self.target_encoder,
        }).to(self.device)  # fmt: skip
        self.actor_optimizer = ClippedAdam([self.actor, self.temperature], c.learning_rate)
        # The encoder learns from the critics' loss alone, as that of DrQ; the targets follow both as one vector.
        self.critic_optimizer = ClippedAdam([self.critics, self.encoder], c.learning_rate)
        self.slow = flatten_parameters([self.target, self.target_encoder])
        self.policy = SquashedGaussianPolicy(self.actor, self.actions, self.encoder.see, seed=seed)
        self.loop = ReplayLoop(self.world, self.interaction, self.actions, c, seed=seed, device=self.device)
        self.noise = seeding.generator(seed, "noise of updates", device=self.device)

    def facts(self) -> dict[str, Any]:
        """Its spaces, and the demonstrations that it learns from, if any."""
        return {**super().facts(), **self.loop.facts}

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
        rate = self.config.learning_rate_at(self.budget_used)
        self.actor_optimizer.learning_rate = self.critic_optimizer.learning_rate = rate
        see, encoder, slow = self.encoder.to_batch, self.encoder, self.target_encoder
        return self.loop.learn(lambda b: self.gradient_step(seen(b.seen_by(see), encoder, slow)))

    def gradient_step(self, b: Seen) -> SoftLearned:
        """One step of the critics, then of actor and temperature, then of the targets."""
        rows, obs_BF, t = len(b.obs_BF), b.obs_BF.detach(), self.temperature
        # One pass through the actor serves the states, of which it learns, and their successors.
        out_1BK = self.actor.record(torch.cat((obs_BF, b.next_obs_BF)))
        noise_BA = torch.randn(2 * rows, self.actions.size, generator=self.noise, device=self.device)
        now, then = record_squashed(out_1BK, noise_BA, rows)
        alpha = t.log.detach().exp() if t.fixed is None else t.fixed
        q_MB1 = self.critics.record(b.obs_BF, b.action_B)
        critic_loss = 0.5 * squared_error(q_MB1, self.targets(b, then, alpha))  # eq. 5
        self.critic_optimizer.descend(critic_loss)
        loss = self.actor_loss(obs_BF, now, alpha)
        if t.fixed is None:
            loss += entropy_to_hold(t.log, now.log_prob_B, t.target_entropy)  # eq. 18
        self.actor_optimizer.descend(loss)
        self.slow.lerp_(self.critic_optimizer.flat, self.config.tau)
        return SoftLearned(critic_loss, q_MB1, now.log_prob_B, alpha)

    def targets(self, b: Seen, then: SquashedSample, alpha: Tensor) -> Tensor:
        """Y (B,), with the soft value of the policy's own actions; the smaller of two is believed (eq. 5, 6)."""
        next_q_B = self.target(torch.cat((b.slow_next_obs_BF, then.action_BA), 1)).amin(0).squeeze(1)
        return torch.addcmul(b.return_B, b.discount_B, next_q_B - alpha * then.log_prob_B)

    def actor_loss(self, obs_BF: Tensor, now: SquashedSample, alpha: Tensor) -> Term:
        """How far actions are from those that the smaller critic values and the entropy allows (eq. 9)."""
        q_MB1 = self.critics.record(obs_BF, now.action_BA)
        return alpha * mean(now.log_prob_B) - mean_of_least(q_MB1)
