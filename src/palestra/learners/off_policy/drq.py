r"""DrQ: SAC that learns from pixels by shifting them (Kostrikov et al. 2020, https://arxiv.org/abs/2004.13649).

A convolutional encoder f learns from the critics' loss alone, on images shifted at random by nu:

    y = r + gamma 1/K sum_k (min_i Q'_i(f'(nu_k s'), a'_k) - alpha log pi(a'_k|f(nu_k s')))             (eq. 1, 3)
    J(theta) = 1/M sum_m E[(Q_i(f(nu_m s), a) - y)^2] / 2,  theta of critics and encoder                  (eq. 2)

and the actor's loss is that of SAC on the features f(nu s), which it takes as given.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import UsageError, require
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.replaying import ReplayLoop
from palestra.learners.off_policy.seeing import Seen, seen
from palestra.learners.off_policy.squashed_gaussian import SquashedGaussianPolicy
from palestra.learners.off_policy.temperature import SoftConfig, SoftLearned, Temperature
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.encoders import narrow
from palestra.nets.own import OURS, Networks, own_encoder, own_ensemble
from palestra.nets.targets import slow_copy
from palestra.ops.critic_losses import entropy_to_hold, mean, mean_of_least, squared_error
from palestra.ops.squashed_gaussian import SquashedSample, record_squashed
from palestra.ops.terms import Term


@dataclass(frozen=True)
class DrQConfig(SoftConfig):
    """Settings of DrQ."""

    buffer_size: int = 100_000
    """Transitions that replay remembers; each picture of them is kept once, as bytes."""
    learning_rate: float = 1e-3
    """Of Adam, for actor, critics and encoder."""
    tau: float = 0.01
    """Share by which target networks move towards their networks after every gradient step."""
    initial_temperature: float = 0.1
    """alpha to begin with when it is learned."""
    augment: Literal["none", "shift"] = "shift"
    """Shift images at random before learning from them, or not."""
    shift_pixels: int = 4
    """Longest shift each way; the paper's 4 is for images of 84 pixels."""
    views: int = 1
    """K = M, shifts of each image of a batch to learn from; the paper has 2 and twice the work."""
    encoder_channels: int = 32
    """Channels of the encoder's convolutions."""
    encoder_features: int = 50
    """Numbers that the encoder makes of an image."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("shift_pixels", "views", "encoder_channels", "encoder_features"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        shifts = self.augment == "shift"
        require(shifts or self.views == 1, f"views={self.views} with augment='none'", "one view: all would be the same")


class DrQ(Agent, Learner):
    """SAC for Box actions with bounds, from images."""

    name = "drq"
    config_type = DrQConfig
    config: DrQConfig
    policy: SquashedGaussianPolicy
    saves = (
        "interaction",
        "modules",
        "actor_optimizer",
        "critic_optimizer",
        "policy",
        "loop",
        "noise",
        "shift_generator",
    )
    derives = ("actions", "encoder", "actor", "critics", "temperature", "target", "target_encoder", "slow")

    def __init__(
        self, source: Given, config: DrQConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own, own_seed = self.config, networks.names(), seeding.derive(seed, "own networks")
        networks.only("encoder", "policy", "q")
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        self.actions = BoxActions(self.env.action_space, self.name, self.device)
        space, init = self.env.observation_space, seeding.generator(seed, "weights")
        architecture = narrow(c.encoder_channels, c.encoder_features)
        self.encoder = own_encoder(networks.encoder, own_seed, space, seeding.generator(seed, "encoder"), architecture)
        if not self.encoder.learns:
            raise UsageError(
                f"{self.name} cannot learn from {self.env.observed.own}; expected images of bytes (sac serves others)"
            )
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
        # What learns from the critics' loss together also lies in one vector, and so do the targets that follow it.
        self.critic_optimizer = ClippedAdam([self.critics, self.encoder], c.learning_rate)
        self.slow = flatten_parameters([self.target, self.target_encoder])
        self.policy = SquashedGaussianPolicy(self.actor, self.actions, self.encoder.see, seed=seed)
        self.loop = ReplayLoop(self.world, self.interaction, self.actions, c, seed=seed, device=self.device)
        self.noise = seeding.generator(seed, "noise of updates", device=self.device)
        self.shift_generator = seeding.generator(seed, "shifts", device=self.device)

    def facts(self) -> dict[str, Any]:
        """Its spaces, and the demonstrations that it learns from, if any."""
        return {**super().facts(), **self.loop.facts}

    def views(self, obs_B: Tensor) -> Tensor:
        """A batch (M * B, ...) to learn from: each observation M times, and each time its images shifted."""
        c, batch = self.config, self.encoder.to_batch(obs_B)
        batch = batch.repeat(c.views, *(1,) * (batch.dim() - 1))
        return self.encoder.shifted(batch, c.shift_pixels, self.shift_generator) if c.augment == "shift" else batch

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
        encoder, slow = self.encoder, self.target_encoder
        return self.loop.learn(lambda b: self.gradient_step(seen(b.seen_by(self.views), encoder, slow)))

    def gradient_step(self, b: Seen) -> SoftLearned:
        """One step of critics with encoder, then of actor and temperature, then of the targets.

        Of each observation the batch has the features of ``views``.
        """
        rows, views, t = len(b.action_B), self.config.views, self.temperature
        obs_BF = b.obs_BF.detach()[:rows]
        # One pass through the actor serves the states, each seen once, and every view of their successors.
        out_1BK = self.actor.record(torch.cat((obs_BF, b.next_obs_BF)))
        noise_BA = torch.randn(rows + rows * views, self.actions.size, generator=self.noise, device=self.device)
        now, then = record_squashed(out_1BK, noise_BA, rows)
        alpha = t.log.detach().exp() if t.fixed is None else t.fixed
        q_MB1 = self.critics.record(b.obs_BF, b.action_B.repeat(views, 1))
        critic_loss = 0.5 * squared_error(q_MB1, self.targets(b, then, alpha).repeat(views))  # eq. 2, 3
        self.critic_optimizer.descend(critic_loss)
        loss = self.actor_loss(obs_BF, now, alpha)
        if t.fixed is None:
            loss += entropy_to_hold(t.log, now.log_prob_B, t.target_entropy)  # eq. 18 of SAC
        self.actor_optimizer.descend(loss)
        self.slow.lerp_(self.critic_optimizer.flat, self.config.tau)
        return SoftLearned(critic_loss, q_MB1, now.log_prob_B, alpha)

    def targets(self, b: Seen, then: SquashedSample, alpha: Tensor) -> Tensor:
        """Y (B,), with the soft value of the policy's own actions in all views (eq. 1, with SAC's entropy)."""
        next_q_B = self.target(torch.cat((b.slow_next_obs_BF, then.action_BA), 1)).amin(0).squeeze(1)
        next_value_B = (next_q_B - alpha * then.log_prob_B).view(self.config.views, -1).mean(0)
        return torch.addcmul(b.return_B, b.discount_B, next_value_B)

    def actor_loss(self, obs_BF: Tensor, now: SquashedSample, alpha: Tensor) -> Term:
        """How far actions are from those that the smaller critic values and the entropy allows (eq. 9 of SAC)."""
        q_MB1 = self.critics.record(obs_BF, now.action_BA)
        return alpha * mean(now.log_prob_B) - mean_of_least(q_MB1)
