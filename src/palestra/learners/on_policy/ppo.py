r"""Proximal policy optimisation (Schulman et al. 2017, https://arxiv.org/abs/1707.06347).

Collect T steps from E environments, estimate advantages, then climb for a few epochs of minibatches on

    L(theta) = E[min(r A, clip(r, 1 - eps, 1 + eps) A)] - c1 E[(V - G)^2] + c2 E[H(pi)],     r = pi / pi_old  (eq. 9)

or, in place of the clipped term, on E[r A] - beta E[KL(pi_old || pi)], where beta doubles after an iteration that went
further than its target and halves after one that stayed behind (eq. 8).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.ranks import Ranks
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig
from palestra.learners.on_policy.experience import Batch, Experience, Samples
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam
from palestra.nets.own import OURS, Networks
from palestra.ops.losses import approximate_kl, clipped_surrogate, standardised, surrogate, value_error
from palestra.ops.schedules import linear
from palestra.ops.trust_region import adapted_penalty


@dataclass(frozen=True)
class PPOConfig(ActorCriticConfig):
    """Settings of PPO. ``docs/decisions/0017-defaults.md`` says how the defaults were chosen."""

    normalize_obs: bool = True
    """Give observed numbers running mean 0 and deviation 1; images, and 0 and 1 that say which of some it is, stay."""
    normalize_reward: bool = True
    """Divide rewards by the running standard deviation of the discounted return."""
    log_std_init: float = -0.5
    """Initial log standard deviation of Gaussian policies."""
    minibatch_size: int = 64
    """Samples of one gradient step."""
    num_epochs: int = 10
    """Passes over each rollout."""
    learning_rate: float = 3e-4
    """Of Adam."""
    learning_rate_schedule: Literal["constant", "linear"] = "constant"
    """constant, or linear to zero at the end of the budget."""
    surrogate: Literal["clip", "kl_penalty"] = "clip"
    """What keeps the policy near the old one: clip the ratio, or pay for the divergence (target_kl says how far)."""
    clip_range: float = 0.2
    """eps: how far the ratio may move before its gradient stops."""
    clip_schedule: Literal["constant", "linear"] = "constant"
    """constant, or linear to zero at the end of the budget."""
    kl_coef: float = 1.0
    """beta at the start, the price of divergence under kl_penalty."""
    target_kl: float | None = None
    """clip: stop the epochs of an iteration once the KL estimate passes 1.5 times this; none to never stop.
    kl_penalty: the divergence of one iteration that beta is adapted to; required."""
    clip_value: float | None = None
    """Range that a new value may move from the old one in the value loss; none for the plain squared error."""
    value_coef: float = 0.5
    """c1, weight of the value loss."""
    entropy_coef: float = 0.0
    """c2, weight of the entropy bonus."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.minibatch_size >= 2, f"minibatch_size={self.minibatch_size}", "at least 2")
        require(self.num_epochs >= 1, f"num_epochs={self.num_epochs}", "at least 1")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require(0 < self.clip_range < 1, f"clip_range={self.clip_range}", "0 < clip_range < 1")
        require(self.kl_coef > 0, f"kl_coef={self.kl_coef}", "a positive number")
        require(self.clip_value is None or self.clip_value > 0, f"clip_value={self.clip_value}", "none or more than 0")
        require(self.target_kl is None or self.target_kl > 0, f"target_kl={self.target_kl}", "none or more than 0")
        if self.surrogate == "kl_penalty":
            require(self.target_kl is not None, "target_kl=none with surrogate=kl_penalty", "a target, such as 0.01")


class PPO(Agent, Learner):
    """PPO for Discrete, MultiDiscrete, MultiBinary and Box actions."""

    name = "ppo"
    config_type = PPOConfig
    saves = ("experience", "nets", "optimizer", "shuffling", "beta")
    apart = (
        "experience.interaction", "experience.reward_scale.discounted_return_E", "shuffling", "nets.sampling",
        "nets.shifting",
    )  # fmt: skip
    config: PPOConfig

    def __init__(
        self, source: Given, config: PPOConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own = self.config, networks.names()
        self.experience = Experience(self.world, c, seed=seed, device=self.device)
        self.env = self.experience.interaction.env
        self.policy = self.nets = ActorCritic(self.env, c, seed=seed, device=self.device, own=networks)
        self.modules = self.nets.networks
        self.shuffling = seeding.generator(seed, "minibatches", device=self.device)
        self.optimizer = ClippedAdam([self.nets.networks], c.learning_rate, 1e-5, c.max_grad_norm)
        self.beta = c.kl_coef

    def join(self, ranks: Ranks) -> None:
        """Play a share of the copies, by luck of its own; gradients, statistics and decisions are of all samples."""
        size, given = self.config.minibatch_size, f"minibatch_size={self.config.minibatch_size}"
        require(size % ranks.size == 0, f"{given} over {ranks.size} processes", f"a multiple of {ranks.size}")
        self.ranks = self.optimizer.together = ranks
        if self.experience.reward_scale is not None:
            self.experience.reward_scale.ranks = ranks
        if ranks.rank > 0:
            own = seeding.derive(self.seed, "rank", ranks.rank)
            self.experience.interaction.begin(own)
            drawn = {"minibatches": self.shuffling, "actions": self.nets.sampling, "shifts": self.nets.shifting}
            for purpose, generator in drawn.items():
                generator.manual_seed(seeding.derive(own, purpose))

    def step(self) -> Metrics:
        """One iteration: a rollout, then epochs of minibatches over it."""
        batch = self.experience.collect(self.nets)
        self.clock += len(batch.action_B) * self.ranks.size
        metrics = self.update(self.samples(batch))
        if batch.unscaled_BF is not None and self.nets.obs_norm is not None:
            # After the update: within an iteration both policies see the same inputs.
            self.nets.obs_norm.update(self.ranks.whole(batch.unscaled_BF))
        explained = {"train/explained_variance": float(batch.explained_variance)}
        return {**self.experience.interaction.episodes.metrics(), **metrics, **explained}

    @torch.no_grad()
    def samples(self, b: Batch) -> Samples:
        """A batch beside what the policy gives the actions that it took."""
        out_BK = self._now(b.obs_BF, b.features_BF)
        log_prob_B = self.nets.head.log_prob(out_BK, b.action_B)
        frozen_BK = self.nets.head.frozen(out_BK) if self.config.surrogate == "kl_penalty" else None
        return Samples(b.obs_BF, b.action_B, log_prob_B, b.value_B, b.advantage_B, b.return_B, frozen_BK)

    def update(self, batch: Samples) -> Metrics:
        """Epochs of minibatches over a batch of samples."""
        c = self.config
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, self.budget_used)
        clip_range = linear(c.clip_range, 0.0, self.budget_used) if c.clip_schedule == "linear" else c.clip_range
        stop_at = 1.5 * c.target_kl if c.surrogate == "clip" and c.target_kl is not None else None
        losses, size = [], c.minibatch_size // self.ranks.size
        for _ in range(c.num_epochs):
            order_B = torch.randperm(len(batch.obs_BF), generator=self.shuffling, device=self.device)
            shuffled = [x.index_select(0, order_B).split(size) for x in batch if x is not None]
            minibatches = [Samples(*parts) for parts in zip(*shuffled)]
            losses += [self._gradient_step(b, clip_range) for b in minibatches if len(b.obs_BF) * self.ranks.size > 1]
            if stop_at is not None and self._went(batch) > stop_at:
                break
        policy_loss, value_loss = torch.stack([torch.stack(pair) for pair in losses]).mean(0).tolist()
        metrics = {
            "train/policy_loss": policy_loss,
            "train/value_loss": value_loss,
            "train/gradient_steps": float(len(losses)),
            **self._diagnose(batch, clip_range),
        }
        if c.target_kl is not None and batch.frozen_BK is not None:
            with torch.no_grad():
                kl = self.nets.head.kl(batch.frozen_BK, self._now(batch.obs_BF)).mean()
            metrics["train/kl"] = float(self.ranks.mean(kl))
            metrics["train/kl_coef"] = self.beta
            self.beta = adapted_penalty(self.beta, metrics["train/kl"], c.target_kl)
        return metrics

    def _gradient_step(self, b: Samples, clip_range: float) -> tuple[Tensor, Tensor]:
        """One step of Adam on one minibatch; returns its policy and value loss."""
        c = self.config
        advantage_B = b.advantage_B
        if c.normalize_advantage:
            advantage_B = standardised(advantage_B, self.ranks.whole(advantage_B))
        seen_BF = self.nets.encode_to_learn(b.obs_BF) if self.nets.encoder.learns else b.obs_BF
        out_BK, value_B1 = self.nets.actor.record(seen_BF), self.nets.value.record(seen_BF)
        if self.nets.mask is not None:
            out_BK = self.nets.allowed(out_BK, b.obs_BF)
        log_prob_B = self.nets.head.log_prob(out_BK, b.action_B)
        if b.frozen_BK is None:
            policy_loss = clipped_surrogate(log_prob_B, b.log_prob_B, advantage_B, clip_range)  # eq. 7
        else:
            policy_loss = surrogate(log_prob_B, b.log_prob_B, advantage_B)  # eq. 6
        value_loss = value_error(value_B1, b.return_B, b.value_B, c.clip_value)
        entropy = self.nets.head.entropy(out_BK).mean() if c.entropy_coef else 0.0
        loss = policy_loss + c.value_coef * value_loss - c.entropy_coef * entropy  # eq. 9, negated
        if b.frozen_BK is not None:
            loss += self.beta * self.nets.head.kl(b.frozen_BK, out_BK).mean()  # eq. 8
        self.optimizer.descend(loss)
        return policy_loss.value, value_loss.value

    @torch.no_grad()
    def _now(self, obs_BF: Tensor, features_BF: Tensor | None = None) -> Tensor:
        """(B, K) the policy's outputs as it is now; what the encoder makes of the observations may be known."""
        if features_BF is None:
            features_BF = self.nets.encode(obs_BF) if self.nets.encoder.learns else obs_BF
        out_BK: Tensor = self.nets.actor.forward(features_BF)
        return out_BK if self.nets.mask is None else self.nets.allowed(out_BK, obs_BF)

    def _went(self, batch: Samples) -> Tensor:
        """The KL estimate of all samples: how far the iteration has gone so far."""
        return self.ranks.mean(approximate_kl(self._log_ratio(batch, self._now(batch.obs_BF))))

    @torch.no_grad()
    def _log_ratio(self, batch: Samples, out_BK: Tensor) -> Tensor:
        """(B,) log of new over old probability."""
        return self.nets.head.log_prob(out_BK, batch.action_B) - batch.log_prob_B

    @torch.no_grad()
    def _diagnose(self, batch: Samples, clip_range: float) -> Metrics:
        """How far the iteration went, measured once after it on all of its samples."""
        out_BK = self._now(batch.obs_BF)
        log_ratio_B = self._log_ratio(batch, out_BK)
        figures = {
            "train/entropy": self.nets.head.entropy(out_BK).mean(),
            "train/approx_kl": approximate_kl(log_ratio_B),
            "train/clip_fraction": ((log_ratio_B.exp() - 1.0).abs() > clip_range).float().mean(),
        }
        return {name: float(value) for name, value in figures.items()}
