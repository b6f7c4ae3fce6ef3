"""What the policy-gradient methods share: a policy, a value function, and rollouts weighed by them.

VPG, A2C, TRPO and PPO collect the same rollouts and estimate the same advantages; they differ in ``update`` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Generator, Tensor, nn

from palestra.data.rollout import Rollout, collect
from palestra.engine import seeding
from palestra.engine.agent import Agent, restart_notes
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.spaces import flat_dim, is_image
from palestra.errors import require
from palestra.measure import Metrics
from palestra.nets.encoders import ARCHITECTURES, ConvEncoder, EncoderName
from palestra.nets.ensemble import Precision
from palestra.nets.heads import policy_head
from palestra.nets.mlp import MLP, Activation
from palestra.nets.normaliser import Normaliser
from palestra.nets.optimizer import FlatOptimizer
from palestra.ops.augment import random_shift
from palestra.ops.features import flat_features
from palestra.ops.losses import value_error
from palestra.ops.returns import gae


@dataclass(frozen=True)
class ActorCriticConfig(AlgorithmConfig):
    """Settings that every policy-gradient method has."""

    default_num_envs: ClassVar[int] = 8

    num_steps: int = 128
    """T, steps of each environment in a rollout."""
    gamma: float = 0.99
    """Discount."""
    gae_lambda: float = 0.95
    """Trace decay of the advantage estimate."""
    normalize_advantage: bool = True
    """Give the advantages that a gradient is made of mean 0 and standard deviation 1."""
    normalize_obs: bool = False
    """Give observations running mean 0 and standard deviation 1."""
    normalize_reward: bool = False
    """Divide rewards by the running standard deviation of the discounted return."""
    max_grad_norm: float = 0.5
    """Gradients are scaled down to this norm."""
    hidden_sizes: tuple[int, ...] = (64, 64)
    """Hidden layers of policy and value network."""
    activation: Activation = "tanh"
    """tanh or relu."""
    log_std_init: float = 0.0
    """Initial log standard deviation of Gaussian policies."""

    def __post_init__(self) -> None:
        require(self.num_steps >= 1, f"num_steps={self.num_steps}", "at least 1")
        require(0 <= self.gamma <= 1, f"gamma={self.gamma}", "0 <= gamma <= 1")
        require(0 <= self.gae_lambda <= 1, f"gae_lambda={self.gae_lambda}", "0 <= gae_lambda <= 1")
        require(self.max_grad_norm > 0, f"max_grad_norm={self.max_grad_norm}", "a positive number")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")


@dataclass(frozen=True)
class SeeingConfig(ActorCriticConfig):
    """Settings of the methods that have an encoder for images, which policy and value network share."""

    encoder: EncoderName | Literal["flat"] = "nature"
    """Of images: fast, nature (Mnih et al. 2015) or notes (four layers of 3 x 3), or flat for none: pixels one by one.
    Vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 is faster on processors that have it."""
    random_shift: int = 0
    """Longest random shift, in pixels each way, of the images that an update learns from; 0 for none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.random_shift >= 0, f"random_shift={self.random_shift}", "0 or more pixels")


class Valued(NamedTuple):
    """What the value function says of a rollout."""

    obs_BF: Tensor
    """What ``inputs`` makes of the observations, flattened over time and environments."""
    reward_TE: Tensor
    """Rewards, scaled where the settings ask for it."""
    value_TE: Tensor
    """Values of the states acted in."""
    next_value_TE: Tensor
    """Values of their true successors."""


class Batch(NamedTuple):
    """Samples to learn from, flattened over time and environments; images stay bytes (B, C, H, W)."""

    obs_BF: Tensor
    action_B: Tensor
    value_B: Tensor
    advantage_B: Tensor
    return_B: Tensor


class ActorCritic(Agent):
    """A policy and a value network for Discrete, MultiDiscrete and Box actions.

    A subclass makes optimizers over ``policy_parts`` and ``value``, and says in ``step`` and ``update`` what one
    iteration does; its ``state_dict`` adds to the one here.
    """

    config: ActorCriticConfig

    def __init__(self, env: Any, config: ActorCriticConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        c, num_envs = self.config, self.env.num_envs
        require(
            c.num_steps * num_envs >= 2, f"num_steps={c.num_steps} with num_envs={num_envs}",
            "at least 2 samples a rollout",
        )  # fmt: skip
        init = seeding.generator(seed, "weights")
        self.encoder = self._make_encoder()
        features = flat_dim(self.env.observation_space) if self.encoder is None else self.encoder.num_features
        self.head = policy_head(self.env.action_space, c.log_std_init)
        self.policy = MLP([features, *c.hidden_sizes, self.head.num_outputs], c.activation, init, output_gain=0.01)
        self.value = MLP([features, *c.hidden_sizes, 1], c.activation, init, output_gain=1.0)
        self.obs_norm = Normaliser((features,))
        self.return_norm = Normaliser(())
        parts = {"policy": self.policy, "head": self.head, "value": self.value}
        if self.encoder is not None:
            parts["encoder"] = self.encoder
        if c.normalize_obs:
            parts["obs_norm"] = self.obs_norm
        if c.normalize_reward:
            parts["return_norm"] = self.return_norm
        self._modules = nn.ModuleDict(parts).to(self.device)
        self.sampling = seeding.generator(seed, "actions", device=self.device)
        self.shuffling = seeding.generator(seed, "minibatches", device=self.device)
        self.shifting = seeding.generator(seed, "shifts", device=self.device)
        self.discounted_return_E = torch.zeros(num_envs, device=self.device)

    def _make_encoder(self) -> ConvEncoder | None:
        """Of images, for the methods that have one."""
        c, space = self.config, self.env.observation_space
        if not isinstance(c, SeeingConfig) or c.encoder == "flat" or not is_image(space):
            return None
        require(not c.normalize_obs, f"normalize_obs=true with images {space}", "false: bytes have one scale already")
        init = seeding.generator(self.seed, "encoder")
        return ConvEncoder(space, init, ARCHITECTURES[c.encoder], c.encoder_precision)

    @property
    def modules(self) -> nn.Module:
        """All networks."""
        return self._modules

    @property
    def progress(self) -> float:
        """The share of the budget that is used, for schedules; 0 without a budget."""
        return self.clock / self.budget if self.budget else 0.0

    def inputs(self, obs: Tensor) -> Tensor:
        """(B, *obs_shape) observations as a batch holds them: (B, F) float32, or bytes (B, C, H, W) for the encoder."""
        if self.encoder is not None:
            return self.encoder.to_batch(obs)
        flat_BF = flat_features(obs)
        return self.obs_norm(flat_BF) if self.config.normalize_obs else flat_BF

    def encoded(self, input_B: Tensor) -> Tensor:
        """What ``inputs`` gave to the (B, F) float32 that policy and value network take."""
        return input_B if self.encoder is None else self.encoder(input_B)

    def features(self, obs: Tensor) -> Tensor:
        """(B, *obs_shape) observations to (B, F) float32."""
        return self.encoded(self.inputs(obs))

    def seen(self, input_B: Tensor) -> Tensor:
        """As ``encoded``, to learn from: images shifted at random, features with the graph that the encoder needs."""
        if self.encoder is None:
            return input_B
        assert isinstance(self.config, SeeingConfig)
        if self.config.random_shift:
            input_B = random_shift(input_B, self.config.random_shift, self.shifting)
        return self.encoder.record(input_B)

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) for observations (B, *obs_shape), within the bounds."""
        out_BK = self.policy(self.features(obs_BF))
        action = self.head.mode(out_BK) if deterministic else self.head.sample(out_BK, self.sampling)
        return self.head.bounded(action)

    def rollout(self) -> Rollout:
        """Act for ``num_steps`` steps in every environment, and account for them."""
        rollout, self.obs = collect(
            self.env,
            lambda obs: self.head.sample(self.policy(self.features(obs)), self.sampling),
            self.obs,
            self.config.num_steps,
            to_env=self.head.bounded,
        )
        self.clock += rollout.reward.numel()
        self.episodes.add(rollout.reward, rollout.done)
        return rollout

    def report(self, rollout: Rollout, metrics: Metrics) -> Metrics:
        """End an iteration: the metrics of its update beside those of the episodes that ended lately."""
        if self.config.normalize_obs:  # after the update: within an iteration both policies see the same inputs
            self.obs_norm.update(flat_features(rollout.obs.flatten(0, 1)))
        return {**self.episodes.metrics(), **metrics}

    @torch.no_grad()
    def values(self, rollout: Rollout) -> Valued:
        """Values of a rollout's states and of their true successors."""
        obs_BF = self.inputs(rollout.obs.flatten(0, 1))
        value_TE = self.value(self.encoded(obs_BF)).view(rollout.reward.shape)
        next_value_TE = torch.cat((value_TE[1:], torch.zeros_like(value_TE[:1])))
        # V(s_{t+1}) is the next row's value, but for the last row and where an episode was cut.
        elsewhere_TE = rollout.truncated.clone()
        elsewhere_TE[-1] = True
        next_value_TE[elsewhere_TE] = self.value(self.features(rollout.next_obs[elsewhere_TE])).squeeze(1)
        reward_TE = self._scaled_reward(rollout) if self.config.normalize_reward else rollout.reward
        return Valued(obs_BF, reward_TE, value_TE, next_value_TE)

    @torch.no_grad()
    def advantages(self, rollout: Rollout) -> Batch:
        """Values, GAE and lambda-returns of a rollout, flattened to samples."""
        c = self.config
        obs_BF, reward_TE, value_TE, next_value_TE = self.values(rollout)
        advantage_TE = gae(
            reward_TE, value_TE, next_value_TE, rollout.terminated, rollout.done,
            gamma=c.gamma, gae_lambda=c.gae_lambda,
        )  # fmt: skip
        return Batch(
            obs_BF,
            rollout.action.flatten(0, 1),
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

    def state_dict(self) -> dict[str, Any]:
        """Networks, normalisers, generators, environments and the unfinished episodes; not the optimizers."""
        state = {
            **self.world_state(),
            "modules": dict(self._modules.state_dict()),
            "sampling": self.sampling.get_state(),
            "shuffling": self.shuffling.get_state(),
            "discounted_return": self.discounted_return_E,
        }
        return state if self.encoder is None else {**state, "shifting": self.shifting.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        restarted_E = self.load_world_state(state)
        self._modules.load_state_dict(state["modules"])
        self.sampling.set_state(state["sampling"])
        self.shuffling.set_state(state["shuffling"])
        if self.encoder is not None:
            self.shifting.set_state(state["shifting"])
        self.discounted_return_E = state["discounted_return"].to(self.device) * ~restarted_E
        return restart_notes(restarted_E)


@torch.no_grad()
def regress(
    critics: Sequence[tuple[MLP, Tensor]],
    target_B: Tensor,
    optimizer: FlatOptimizer,
    *,
    num_epochs: int,
    minibatch_size: int,
    generator: Generator,
) -> float:
    """Fit networks of one output to targets by the squared error, in epochs of minibatches.

    Args:
        critics: networks, each with its inputs (B, F).
        target_B: (B,) what all of them regress to.
        optimizer: of exactly these networks' parameters.
        num_epochs: passes over the samples.
        minibatch_size: samples of one gradient step.
        generator: draws the minibatches.

    Returns:
        The mean of the first network's loss over the gradient steps, each measured before its step.
    """
    losses = []
    for _ in range(num_epochs):
        order_B = torch.randperm(len(target_B), generator=generator, device=target_B.device)
        columns = [x.index_select(0, order_B).split(minibatch_size) for x in (target_B, *(x for _, x in critics))]
        for target_b, *inputs in zip(*columns):
            errors = [value_error(critic.record(x_bF), target_b) for (critic, _), x_bF in zip(critics, inputs)]
            optimizer.descend(sum(errors[1:], start=errors[0]))
            losses.append(errors[0].value)
    return float(torch.stack(losses).mean())
