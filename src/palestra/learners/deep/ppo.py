r"""Proximal policy optimisation with a clipped surrogate (Schulman et al. 2017, https://arxiv.org/abs/1707.06347).

Collect T steps from E environments, estimate advantages, then climb for a few epochs of minibatches on

    L(theta) = E[min(r A, clip(r, 1 - eps, 1 + eps) A)] - c1 E[(V - G)^2] + c2 E[H(pi)],     r = pi / pi_old  (eq. 9)
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from palestra.data.rollout import Rollout, collect
from palestra.engine import seeding
from palestra.engine.agent import Agent, restart_notes
from palestra.engine.config import AlgorithmConfig
from palestra.engine.learner import Metrics
from palestra.envs.spaces import flat_dim
from palestra.errors import require
from palestra.nets.features import flat_features
from palestra.nets.heads import policy_head
from palestra.nets.mlp import MLP, Activation
from palestra.nets.normaliser import Normaliser
from palestra.nets.optimiser import ClippedAdam
from palestra.ops.losses import (
    approximate_kl,
    clipped_surrogate,
    clipped_surrogate_gradient,
    value_loss,
    value_loss_gradient,
)
from palestra.ops.returns import gae
from palestra.ops.schedules import linear
from palestra.ops.statistics import explained_variance

Schedule = Literal["constant", "linear"]


@dataclass(frozen=True)
class PPOConfig(AlgorithmConfig):
    """Settings of PPO."""

    default_num_envs: ClassVar[int] = 8

    num_steps: int = 128
    """T, steps of each environment in a rollout."""
    minibatch_size: int = 256
    """Samples of one gradient step."""
    num_epochs: int = 10
    """Passes over each rollout."""
    learning_rate: float = 3e-4
    """Of Adam."""
    learning_rate_schedule: Schedule = "constant"
    """constant, or linear to zero at the end of the budget."""
    gamma: float = 0.99
    """Discount."""
    gae_lambda: float = 0.95
    """Trace decay of the advantage estimate."""
    clip_range: float = 0.2
    """eps: how far the ratio may move before its gradient stops."""
    clip_schedule: Schedule = "constant"
    """constant, or linear to zero at the end of the budget."""
    clip_value: float | None = None
    """Range that a new value may move from the old one in the value loss; none for the plain squared error."""
    value_coef: float = 0.5
    """c1, weight of the value loss."""
    entropy_coef: float = 0.0
    """c2, weight of the entropy bonus."""
    max_grad_norm: float = 0.5
    """Gradients are scaled down to this norm."""
    target_kl: float | None = None
    """Stop the epochs of an iteration once the KL estimate passes 1.5 times this; none to never stop."""
    normalize_advantage: bool = True
    """Give the advantages of each minibatch mean 0 and standard deviation 1."""
    normalize_obs: bool = False
    """Give observations running mean 0 and standard deviation 1."""
    normalize_reward: bool = False
    """Divide rewards by the running standard deviation of the discounted return."""
    hidden_sizes: tuple[int, ...] = (64, 64)
    """Hidden layers of policy and value network."""
    activation: Activation = "tanh"
    """tanh or relu."""
    log_std_init: float = 0.0
    """Initial log standard deviation of Gaussian policies."""

    def __post_init__(self) -> None:
        require(self.num_steps >= 1, f"num_steps={self.num_steps}", "at least 1")
        require(self.minibatch_size >= 2, f"minibatch_size={self.minibatch_size}", "at least 2")
        require(self.num_epochs >= 1, f"num_epochs={self.num_epochs}", "at least 1")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require(0 <= self.gamma <= 1, f"gamma={self.gamma}", "0 <= gamma <= 1")
        require(0 <= self.gae_lambda <= 1, f"gae_lambda={self.gae_lambda}", "0 <= gae_lambda <= 1")
        require(0 < self.clip_range < 1, f"clip_range={self.clip_range}", "0 < clip_range < 1")
        require(self.max_grad_norm > 0, f"max_grad_norm={self.max_grad_norm}", "a positive number")
        require(self.clip_value is None or self.clip_value > 0, f"clip_value={self.clip_value}", "none or more than 0")
        require(self.target_kl is None or self.target_kl > 0, f"target_kl={self.target_kl}", "none or more than 0")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")


class Batch(NamedTuple):
    """Samples to learn from, flattened over time and environments."""

    obs_BF: Tensor
    action_B: Tensor
    log_prob_B: Tensor
    value_B: Tensor
    advantage_B: Tensor
    return_B: Tensor


class PPO(Agent):
    """PPO (clip) for Discrete, MultiDiscrete and Box actions."""

    name = "ppo"
    config_type = PPOConfig
    config: PPOConfig

    def __init__(self, env: Any, config: PPOConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        c, num_envs = self.config, self.env.num_envs
        batch = c.num_steps * num_envs
        require(batch >= 2, f"num_steps={c.num_steps} with num_envs={num_envs}", "at least 2 samples a rollout")
        init = seeding.generator(seed, "weights")
        features = flat_dim(self.env.observation_space)
        self.head = policy_head(self.env.action_space, c.log_std_init)
        self.policy = MLP([features, *c.hidden_sizes, self.head.num_outputs], c.activation, init, output_gain=0.01)
        self.value = MLP([features, *c.hidden_sizes, 1], c.activation, init, output_gain=1.0)
        self.obs_norm = Normaliser((features,))
        self.return_norm = Normaliser(())
        parts = {"policy": self.policy, "head": self.head, "value": self.value}
        if c.normalize_obs:
            parts["obs_norm"] = self.obs_norm
        if c.normalize_reward:
            parts["return_norm"] = self.return_norm
        self._modules = nn.ModuleDict(parts).to(self.device)
        self.optimizer = ClippedAdam([self._modules], c.learning_rate, 1e-5, c.max_grad_norm)
        self.sampling = seeding.generator(seed, "actions", device=self.device)
        self.shuffling = seeding.generator(seed, "minibatches", device=self.device)
        self.discounted_return_E = torch.zeros(num_envs, device=self.device)

    @property
    def modules(self) -> nn.Module:
        """All networks."""
        return self._modules

    def features(self, obs: Tensor) -> Tensor:
        """(B, *obs_shape) observations to (B, F) float32 network inputs."""
        flat_BF = flat_features(obs)
        return self.obs_norm(flat_BF) if self.config.normalize_obs else flat_BF

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) for observations (B, *obs_shape), within the bounds."""
        out_BK = self.policy(self.features(obs_BF))
        action = self.head.mode(out_BK) if deterministic else self.head.sample(out_BK, self.sampling)
        return self.head.bounded(action)

    def step(self) -> Metrics:
        """One iteration: a rollout, then epochs of minibatches over it."""
        rollout, self.obs = collect(
            self.env,
            lambda obs: self.head.sample(self.policy(self.features(obs)), self.sampling),
            self.obs,
            self.config.num_steps,
            to_env=self.head.bounded,
        )
        self.clock += rollout.reward.numel()
        self.episodes.add(rollout.reward, rollout.done)
        batch = self.advantages(rollout)
        metrics = self.update(batch)
        if self.config.normalize_obs:  # after the update: within an iteration both policies see the same inputs
            self.obs_norm.update(flat_features(rollout.obs.flatten(0, 1)))
        return {**self.episodes.metrics(), **metrics}

    @torch.no_grad()
    def advantages(self, rollout: Rollout) -> Batch:
        """Values, old log probabilities, GAE and lambda-returns of a rollout, flattened to samples."""
        c = self.config
        shape_TE = rollout.reward.shape
        obs_BF = self.features(rollout.obs.flatten(0, 1))
        value_TE = self.value(obs_BF).view(shape_TE)
        next_value_TE = torch.cat((value_TE[1:], torch.zeros_like(value_TE[:1])))
        # V(s_{t+1}) is the next row's value, but for the last row and where an episode was cut.
        elsewhere_TE = rollout.truncated.clone()
        elsewhere_TE[-1] = True
        next_value_TE[elsewhere_TE] = self.value(self.features(rollout.next_obs[elsewhere_TE])).squeeze(1)
        reward_TE = self._scaled_reward(rollout) if c.normalize_reward else rollout.reward
        advantage_TE = gae(
            reward_TE, value_TE, next_value_TE, rollout.terminated, rollout.done,
            gamma=c.gamma, gae_lambda=c.gae_lambda,
        )  # fmt: skip
        action_B = rollout.action.flatten(0, 1)
        return Batch(
            obs_BF,
            action_B,
            self.head.log_prob(self.policy(obs_BF), action_B),
            value_TE.flatten(),
            advantage_TE.flatten(),
            (advantage_TE + value_TE).flatten(),
        )

    def _scaled_reward(self, rollout: Rollout) -> Tensor:
        """Rewards over the standard deviation of the discounted return."""
        returns = []
        for reward_E, done_E in zip(rollout.reward, rollout.done):
            self.discounted_return_E = self.config.gamma * self.discounted_return_E + reward_E
            returns.append(self.discounted_return_E)
            self.discounted_return_E = self.discounted_return_E * ~done_E
        self.return_norm.update(torch.cat(returns))
        return self.return_norm.rescale(rollout.reward)

    def update(self, batch: Batch) -> Metrics:
        """Epochs of minibatches over a batch of samples."""
        c = self.config
        progress = self.clock / self.budget if self.budget else 0.0
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, progress)
        clip_range = linear(c.clip_range, 0.0, progress) if c.clip_schedule == "linear" else c.clip_range
        losses = []
        for _ in range(c.num_epochs):
            order_B = torch.randperm(len(batch.obs_BF), generator=self.shuffling, device=self.device)
            shuffled = [x.index_select(0, order_B).split(c.minibatch_size) for x in batch]
            minibatches = [Batch._make(parts) for parts in zip(*shuffled)]
            losses += [self._gradient_step(b, clip_range) for b in minibatches if len(b.obs_BF) > 1]
            if c.target_kl is not None and approximate_kl(self._log_ratio(batch)) > 1.5 * c.target_kl:
                break
        policy_loss, value_error = torch.stack([torch.stack(pair) for pair in losses]).mean(0).tolist()
        return {
            "train/policy_loss": policy_loss,
            "train/value_loss": value_error,
            "train/gradient_steps": float(len(losses)),
            **self._diagnose(batch, clip_range),
        }

    def _gradient_step(self, b: Batch, clip_range: float) -> tuple[Tensor, Tensor]:
        """One step of Adam on one minibatch; returns its policy and value loss."""
        c = self.config
        advantage_B = b.advantage_B
        if c.normalize_advantage:
            advantage_B = (advantage_B - advantage_B.mean()) / (advantage_B.std() + 1e-8)
        policy, value = self.policy.record(b.obs_BF), self.value.record(b.obs_BF)
        log_prob_B = self.head.log_prob(policy.out, b.action_B)
        with torch.no_grad():
            ratio_B, value_B = (log_prob_B - b.log_prob_B).exp(), value.out.squeeze(1)
            policy_loss = clipped_surrogate(ratio_B, advantage_B, clip_range)  # eq. 7
            to_log_prob_B = clipped_surrogate_gradient(ratio_B, advantage_B, clip_range)
            value_error = value_loss(value_B, b.return_B, b.value_B, c.clip_value)
            to_value_B = c.value_coef * value_loss_gradient(value_B, b.return_B, b.value_B, c.clip_value)
        # eq. 9, negated: the sum of the surrogate, the value error and the entropy bonus, by their derivatives
        outputs, gradients = [log_prob_B, value.out], [to_log_prob_B, to_value_B[:, None]]
        if c.entropy_coef:
            outputs.append(-c.entropy_coef * self.head.entropy(policy.out).mean())
            gradients.append(torch.ones_like(outputs[-1]))
        self.optimizer.descend(outputs, gradients, (policy, value))
        return policy_loss, value_error

    @torch.no_grad()
    def _log_ratio(self, batch: Batch) -> Tensor:
        """(B,) log of new over old probability."""
        return self.head.log_prob(self.policy(batch.obs_BF), batch.action_B) - batch.log_prob_B

    @torch.no_grad()
    def _diagnose(self, batch: Batch, clip_range: float) -> Metrics:
        """How far the iteration went, measured once after it on all of its samples."""
        log_ratio_B = self._log_ratio(batch)
        figures = {
            "train/entropy": self.head.entropy(self.policy(batch.obs_BF)).mean(),
            "train/approx_kl": approximate_kl(log_ratio_B),
            "train/clip_fraction": ((log_ratio_B.exp() - 1.0).abs() > clip_range).float().mean(),
            "train/explained_variance": explained_variance(batch.value_B, batch.return_B),
        }
        return {name: float(value) for name, value in figures.items()}

    def state_dict(self) -> dict[str, Any]:
        """Networks, normalisers, optimiser, generators, environments and the unfinished episodes."""
        return {
            **self.world_state(),
            "modules": dict(self._modules.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "sampling": self.sampling.get_state(),
            "shuffling": self.shuffling.get_state(),
            "discounted_return": self.discounted_return_E,
        }

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        restarted_E = self.load_world_state(state)
        self._modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.sampling.set_state(state["sampling"])
        self.shuffling.set_state(state["shuffling"])
        self.discounted_return_E = state["discounted_return"].to(self.device) * ~restarted_E
        return restart_notes(restarted_E)
