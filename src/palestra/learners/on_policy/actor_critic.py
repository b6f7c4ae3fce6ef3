"""The networks of the policy-gradient methods: a policy and a value function, over one encoder.

VPG, A2C, TRPO and PPO hold one each, and differ in how they improve it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from palestra.engine import seeding
from palestra.engine.policy import Choice, Policy
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.vector import VectorEnv
from palestra.errors import require
from palestra.nets.encoders import EncoderName
from palestra.nets.heads import policy_head
from palestra.nets.mlp import MLP, Activation
from palestra.nets.normaliser import observation_normaliser
from palestra.nets.own import OURS, Networks, own_encoder, own_network
from palestra.nets.precision import Precision
from palestra.nets.recorded import Recorded
from palestra.ops.masks import masked_logits

Make = Callable[[int, Sequence[int], int, Generator, float], Recorded]
"""From features, sizes of hidden layers, outputs, a generator and the gain of the last layer to a network."""


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
    """Give observed numbers running mean 0 and standard deviation 1. Images have one scale already, and stay as they
    are; so do numbers of 0 and 1 that say which of some it is."""
    normalize_reward: bool = False
    """Divide rewards by the running standard deviation of the discounted return."""
    max_grad_norm: float = 0.5
    """Gradients are scaled down to this norm."""
    hidden_sizes: tuple[int, ...] = (64, 64)
    """Hidden layers of policy and value network."""
    value_hidden_sizes: tuple[int, ...] | None = None
    """Hidden layers of the value network where they differ; none for those of the policy."""
    activation: Activation = "tanh"
    """tanh or relu."""
    log_std_init: float = 0.0
    """Initial log standard deviation of Gaussian policies."""
    scale_actions: bool = True
    """Stretch a Gaussian policy's -1 and 1 to the bounds of a Box, where these are finite; otherwise its numbers are
    the actions themselves, and a wide range is never explored."""

    encoder: EncoderName = "nature"
    """Of images, shared by policy and value: fast, nature (Mnih et al. 2015), mnih-2013 (the one of 2013; mnih-2013-42
    for pictures so small), notes (four layers of 3 x 3), or flat for none: pixels one by one. Vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""
    random_shift: int = 0
    """Longest random shift, in pixels each way, of the images that an update learns from; 0 for none."""

    def __post_init__(self) -> None:
        require(self.num_steps >= 1, f"num_steps={self.num_steps}", "at least 1")
        require(0 <= self.gamma <= 1, f"gamma={self.gamma}", "0 <= gamma <= 1")
        require(0 <= self.gae_lambda <= 1, f"gae_lambda={self.gae_lambda}", "0 <= gae_lambda <= 1")
        require(self.max_grad_norm > 0, f"max_grad_norm={self.max_grad_norm}", "a positive number")
        for name in ("hidden_sizes", "value_hidden_sizes"):
            sizes = getattr(self, name) or ()
            require(all(n > 0 for n in sizes), f"{name}={sizes}", "positive sizes")
        require(self.random_shift >= 0, f"random_shift={self.random_shift}", "0 or more pixels")

    @property
    def value_sizes(self) -> tuple[int, ...]:
        """Hidden layers of value networks."""
        return self.hidden_sizes if self.value_hidden_sizes is None else self.value_hidden_sizes


class ActorCritic(Policy):
    """A policy and a value network for Discrete, MultiDiscrete, MultiBinary and Box actions.

    Args:
        env: whose spaces they are made for.
        config: their sizes, and what is normalised.
        seed: of weights and of what is random.
        device: where they are.
        own: networks of the user's own.
        make: makes policy and value network where these are no perceptrons.
    """

    saves = ("networks", "sampling", "shifting")

    def __init__(
        self, env: VectorEnv, config: ActorCriticConfig, *, seed: int, device: torch.device, own: Networks = OURS,
        make: Make | None = None,
    ):  # fmt: skip
        self.config = c = config
        own.only("encoder", "policy", "value")
        space = env.observation_space
        drawn, own_seed = seeding.generator(seed, "encoder"), seeding.derive(seed, "own networks")
        self.encoder = own_encoder(own.encoder, own_seed, space, drawn, c.encoder, c.encoder_precision)
        init, features = seeding.generator(seed, "weights"), self.encoder.num_features
        self.head = policy_head(env.action_space, c.log_std_init, c.scale_actions)
        outputs = self.head.num_outputs
        make = make or self._perceptron
        self.actor: Recorded = make(features, c.hidden_sizes, outputs, init, 0.01)
        self.value: Recorded = make(features, c.value_sizes, 1, init, 1.0)
        if own.policy is not None:
            self.actor = own_network("policy", own.policy, own_seed + 1, features, outputs)
        if own.value is not None:
            self.value = own_network("value", own.value, own_seed + 2, features, 1)
        self.mask = env.mask
        """Where an observation says which actions are allowed; None in worlds that allow all."""
        self.obs_norm = None
        if c.normalize_obs and not self.encoder.learns:
            self.obs_norm = observation_normaliser(env, features)
        parts: dict[str, nn.Module] = {
            "policy": self.actor,
            "head": self.head,
            "value": self.value,
            "encoder": self.encoder,
        }
        if self.obs_norm is not None:
            parts["obs_norm"] = self.obs_norm
        self.networks = nn.ModuleDict(parts).to(device)
        """All of them: the order of their parameters is that of this list."""
        self.sampling = seeding.generator(seed, "actions", device=device)
        self.shifting = seeding.generator(seed, "shifts", device=device)

    def _perceptron(
        self, features: int, hidden: Sequence[int], outputs: int, generator: Generator, gain: float
    ) -> Recorded:
        return MLP([features, *hidden, outputs], self.config.activation, generator, output_gain=gain)

    def to_batch(self, obs: Tensor) -> Tensor:
        """(B, *obs_shape) observations as a batch holds them: bytes for an encoder that learns, else (B, F) float32."""
        batch = self.encoder.to_batch(obs)
        return batch if self.obs_norm is None else self.obs_norm(batch)

    def encode(self, batch: Tensor) -> Tensor:
        """What ``to_batch`` gave to the (B, F) float32 that policy and value network take."""
        return self.encoder.encode(batch)

    def allowed(self, out_BK: Tensor, batch: Tensor) -> Tensor:
        """The policy's outputs for a batch, with nothing left to the actions that its observations do not allow."""
        return out_BK if self.mask is None else masked_logits(out_BK, self.mask.of(batch))

    def shifted(self, batch: Tensor) -> Tensor:
        """A batch to learn from: images shifted at random, where the settings ask for it."""
        return self.encoder.shifted(batch, self.config.random_shift, self.shifting)

    def encode_to_learn(self, batch: Tensor) -> Tensor:
        """As ``encode``, of a shifted batch, recorded so that the encoder learns."""
        return self.encoder.encode_to_learn(self.shifted(batch))

    def explore(self, obs: Tensor) -> Tensor:
        """A sample of the policy (E, ...) for observations (E, *obs_shape), as it is, beyond bounds or not."""
        batch = self.to_batch(obs)
        return self.head.sample(self.allowed(self.actor(self.encode(batch)), batch), self.sampling)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) for observations (B, *obs_shape), within the bounds."""
        out_BK = self.outputs(seen)
        action = self.head.mode(out_BK) if deterministic else self.head.sample(out_BK, self.sampling)
        return self.head.bounded(action)

    def choice(self, seen: Tensor) -> Choice:
        """The most likely actions, and the logits (B, K) where they are choices."""
        out_BK = self.outputs(seen)
        action = self.head.bounded(self.head.mode(out_BK))
        return Choice(action) if action.is_floating_point() else Choice(action, "logit", out_BK)

    def outputs(self, seen: Tensor) -> Tensor:
        """(B, K) what the policy network says of observations (B, *obs_shape)."""
        batch = self.to_batch(seen)
        return self.allowed(self.actor(self.encode(batch)), batch)

    def values(self, obs: Tensor) -> Tensor:
        """(B,) values of the states that observations (B, *obs_shape) show."""
        value_B1: Tensor = self.value(self.encode(self.to_batch(obs)))
        return value_B1.squeeze(1)
