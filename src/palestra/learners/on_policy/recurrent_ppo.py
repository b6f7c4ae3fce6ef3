r"""Recurrent PPO: the policy and the value function remember (Schulman et al. 2017; Wierstra et al. 2007).

What is observed does not always say where one is. So what is seen goes through a memory, forgotten where an episode
begins, and both are functions of what is remembered:

    h_t = f(h_{t-1}, o_t),     a_t ~ pi(a | h_t),     V(h_t)
    L(theta) = E[min(r A, clip(r, 1 - eps, 1 + eps) A)] - c1 E[(V - G)^2] + c2 E[H(pi)],     r = pi(a_t | h_t) / pi_old

A rollout is cut into sequences. The gradient goes back through the memory to the first step of each, where it begins
from what was remembered there when it was collected, or a few steps before, burnt in by the weights of the epoch.

    Y  numbers of a memory
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.policy import aside
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.on_policy.experience import Experience
from palestra.learners.on_policy.recurrent_experience import Pieces, RecurrentExperience, Remembered, cut, starts
from palestra.learners.on_policy.recurrent_policy import RecurrentConfig, RecurrentPolicy
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam
from palestra.nets.own import OURS, Networks
from palestra.ops.losses import approximate_kl, clipped_surrogate, standardised, value_error
from palestra.ops.schedules import linear


@dataclass(frozen=True)
class RecurrentPPOConfig(RecurrentConfig):
    """Settings of recurrent PPO."""

    normalize_obs: bool = True
    """Give observed numbers running mean 0 and deviation 1; images, and 0 and 1 that say which of some it is, stay."""
    normalize_reward: bool = True
    """Divide rewards by the running standard deviation of the discounted return."""
    log_std_init: float = -0.5
    """Initial log standard deviation of Gaussian policies."""
    sequence_length: int | None = None
    """Steps that a gradient goes back through, of which a rollout is a multiple; none for the whole rollout."""
    burn_in: int = 0
    """Steps before a sequence that the memory sees again in every epoch after the first, so that sequences begin from
    what its present weights remember; 0 for what was remembered when they were collected."""
    minibatch_size: int = 256
    """Samples of one gradient step, in whole sequences."""
    num_epochs: int = 10
    """Passes over each rollout."""
    learning_rate: float = 1e-3
    """Of Adam."""
    learning_rate_schedule: Literal["constant", "linear"] = "constant"
    """constant, or linear to zero at the end of the budget."""
    clip_range: float = 0.2
    """eps: how far the ratio may move before its gradient stops."""
    clip_schedule: Literal["constant", "linear"] = "constant"
    """constant, or linear to zero at the end of the budget."""
    target_kl: float | None = None
    """Stop the epochs of an iteration once the KL estimate passes 1.5 times this; none to never stop."""
    clip_value: float | None = None
    """Range that a new value may move from the old one in the value loss; none for the plain squared error."""
    value_coef: float = 0.5
    """c1, weight of the value loss."""
    entropy_coef: float = 0.0
    """c2, weight of the entropy bonus."""

    def __post_init__(self) -> None:
        super().__post_init__()
        whole = f"sequence_length={self.sequence_length} with num_steps={self.num_steps}"
        require(
            self.length >= 1 and self.num_steps % self.length == 0, whole, "a part of a rollout, none for all of it"
        )
        samples = f"minibatch_size={self.minibatch_size} with sequences of {self.length} steps"
        require(
            self.minibatch_size % self.length == 0 and self.minibatch_size >= 2, samples, "a multiple of their length"
        )
        require(self.burn_in >= 0, f"burn_in={self.burn_in}", "0 or more steps")
        require(self.num_epochs >= 1, f"num_epochs={self.num_epochs}", "at least 1")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require(0 < self.clip_range < 1, f"clip_range={self.clip_range}", "0 < clip_range < 1")
        require(self.clip_value is None or self.clip_value > 0, f"clip_value={self.clip_value}", "none or more than 0")
        require(self.target_kl is None or self.target_kl > 0, f"target_kl={self.target_kl}", "none or more than 0")

    @property
    def length(self) -> int:
        """Steps of a sequence."""
        return self.num_steps if self.sequence_length is None else self.sequence_length


class RecurrentPPO(Agent, Learner):
    """Recurrent PPO for Discrete, MultiDiscrete, MultiBinary and Box actions."""

    name = "recurrent-ppo"
    config_type = RecurrentPPOConfig
    saves = ("experience", "policy", "optimizer", "shuffling")
    config: RecurrentPPOConfig

    def __init__(
        self, source: Given, config: RecurrentPPOConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own = self.config, networks.names()
        plain = Experience(self.world, c, seed=seed, device=self.device)
        self.env = plain.interaction.env
        self.policy = self.remembering = RecurrentPolicy(self.env, c, seed=seed, device=self.device, own=networks)
        self.experience = RecurrentExperience(plain, self.remembering)
        self.nets = self.remembering.nets
        self.modules = self.nets.networks
        self.shuffling = seeding.generator(seed, "minibatches", device=self.device)
        self.optimizer = ClippedAdam([self.nets.networks], c.learning_rate, 1e-5, c.max_grad_norm)

    def step(self) -> Metrics:
        """One iteration: a rollout, then epochs of minibatches of sequences over it."""
        batch = self.experience.collect()
        self.clock += batch.value_TE.numel()
        metrics = self.update(batch)
        if batch.unscaled_BF is not None and self.nets.obs_norm is not None:
            # After the update: within an iteration both policies see the same inputs.
            self.nets.obs_norm.update(batch.unscaled_BF)
        explained = {"train/explained_variance": float(batch.explained_variance)}
        return {**self.experience.plain.interaction.episodes.metrics(), **metrics, **explained}

    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) for first observations of episodes; within one ``decide`` and the policy remember."""
        with aside(self.policy):
            self.policy.reset(len(obs), seed=0)
            return self.policy.act(obs, deterministic=deterministic)

    def update(self, batch: Remembered) -> Metrics:
        """Epochs of minibatches over a rollout."""
        c = self.config
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, self.budget_used)
        clip_range = linear(c.clip_range, 0.0, self.budget_used) if c.clip_schedule == "linear" else c.clip_range
        stop_at = None if c.target_kl is None else 1.5 * c.target_kl
        kept, losses = self.pieces(batch, burn_in=0), []
        for epoch in range(c.num_epochs):
            pieces = self.pieces(batch, burn_in=c.burn_in) if epoch and c.burn_in else kept
            order_E = torch.randperm(len(pieces.actor_EY), generator=self.shuffling, device=self.device)
            chosen = [some_B for some_B in order_E.split(c.minibatch_size // c.length) if len(some_B) * c.length > 1]
            losses += [self._gradient_step(pieces.chosen(some_B), clip_range) for some_B in chosen]
            if stop_at is not None and approximate_kl(self._now(kept)[1]) > stop_at:
                break
        policy_loss, value_loss = torch.stack([torch.stack(pair) for pair in losses]).mean(0).tolist()
        return {
            "train/policy_loss": policy_loss,
            "train/value_loss": value_loss,
            "train/gradient_steps": float(len(losses)),
            **self._diagnose(kept, clip_range),
        }

    @torch.no_grad()
    def pieces(self, b: Remembered, burn_in: int) -> Pieces:
        """The sequences of a rollout, each with what is remembered where it begins."""
        c, policy = self.config, self.remembering
        x_TEF = self.nets.encode(b.obs_TEF.flatten(0, 1)).unflatten(0, b.value_TE.shape) if burn_in else None
        actor_EY = starts(policy.actor.memory, x_TEF, b.actor_TEY, b.begins_TE, length=c.length, burn_in=burn_in)
        critic_EY = starts(policy.critic.memory, x_TEF, b.critic_TEY, b.begins_TE, length=c.length, burn_in=burn_in)
        return cut(b, c.length, actor_EY, critic_EY)

    def _gradient_step(self, b: Pieces, clip_range: float) -> tuple[Tensor, Tensor]:
        """One step of Adam on one minibatch; returns its policy and value loss."""
        c, obs_BF = self.config, b.obs_TEF.flatten(0, 1)
        advantage_B = b.advantage_TE.flatten()
        advantage_B = standardised(advantage_B) if c.normalize_advantage else advantage_B
        seen_BF = self.nets.encode_to_learn(obs_BF) if self.nets.encoder.learns else obs_BF
        out_BK = self.nets.actor.record(seen_BF, b.actor_EY, b.begins_TE)  # h_t = f(h_{t-1}, o_t), through time
        value_B1 = self.nets.value.record(seen_BF, b.critic_EY, b.begins_TE)
        if self.nets.mask is not None:
            out_BK = self.nets.allowed(out_BK, obs_BF)
        log_prob_B = self.nets.head.log_prob(out_BK, b.action_TE.flatten(0, 1))
        policy_loss = clipped_surrogate(log_prob_B, b.log_prob_TE.flatten(), advantage_B, clip_range)  # eq. 7
        value_loss = value_error(value_B1, b.return_TE.flatten(), b.value_TE.flatten(), c.clip_value)
        entropy = self.nets.head.entropy(out_BK).mean() if c.entropy_coef else 0.0
        self.optimizer.descend(policy_loss + c.value_coef * value_loss - c.entropy_coef * entropy)  # eq. 9, negated
        return policy_loss.value, value_loss.value

    @torch.no_grad()
    def _now(self, b: Pieces) -> tuple[Tensor, Tensor]:
        """(B, K) the policy's outputs as it is now, and (B,) the log of its probabilities over the old ones."""
        obs_BF = b.obs_TEF.flatten(0, 1)
        out_BK = self.remembering.actor.forward(self.nets.encode(obs_BF), b.actor_EY, b.begins_TE)
        out_BK = self.nets.allowed(out_BK, obs_BF)
        log_prob_B = self.nets.head.log_prob(out_BK, b.action_TE.flatten(0, 1))
        return out_BK, log_prob_B - b.log_prob_TE.flatten()

    def _diagnose(self, b: Pieces, clip_range: float) -> Metrics:
        """How far the iteration went, measured once after it on all of its samples."""
        with torch.no_grad():
            out_BK, log_ratio_B = self._now(b)
            figures = {
                "train/entropy": self.nets.head.entropy(out_BK).mean(),
                "train/approx_kl": approximate_kl(log_ratio_B),
                "train/clip_fraction": ((log_ratio_B.exp() - 1.0).abs() > clip_range).float().mean(),
            }
        return {name: float(value) for name, value in figures.items()}
