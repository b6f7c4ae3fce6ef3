r"""DAgger: imitate an expert in the states that the imitator gets into (Ross et al. 2011, https://arxiv.org/abs/1011.0686).

The expert sees the true state s and says at every step what it would do, a*(s). The student pi sees an observation o
alone, images as a rule. Mostly the expert acts at first and the student later; the student learns all the while:

    a_t = a*(s_t) with probability beta_i, else pi(o_t)                         (algorithm 3.1)
    D <- D + {(o_t, a*(s_t))}                                                    whoever acted
    J(theta) = E_D[l(pi(o), a*)],   pi(o) = tanh(f(o)),   l squared or Huber     (eq. 3 with a surrogate loss)
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.data.demonstrations import Demonstrations
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.engine.policy import Policy
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.spaces import from_unit
from palestra.envs.vector import VectorEnv
from palestra.envs.world import Given
from palestra.errors import UsageError, require
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam
from palestra.nets.encoders import EncoderName, make_encoder
from palestra.nets.mlp import MLP
from palestra.nets.precision import Precision
from palestra.ops.schedules import linear
from palestra.ops.td_losses import td_loss


@dataclass(frozen=True)
class DAggerConfig(AlgorithmConfig):
    """Settings of DAgger."""

    default_num_envs: ClassVar[int] = 64

    num_steps: int = 8
    """Steps of each environment in an iteration."""
    gradient_steps: int = 4
    """Gradient steps of an iteration."""
    batch_size: int = 256
    """Demonstrations of one gradient step."""
    buffer_size: int = 16_384
    """Latest demonstrations to learn from; the paper keeps all."""
    expert_share: float = 1.0
    """beta at the start, the probability of a step that the expert takes it."""
    expert_fraction: float = 0.1
    """Share of the budget over which beta falls to zero, linearly."""
    learning_rate: float = 1e-3
    """Of Adam."""
    learning_rate_schedule: Literal["constant", "linear"] = "linear"
    """constant, or linear to zero at the end of the budget."""
    max_grad_norm: float = 1.0
    """Gradients are scaled down to this norm."""
    loss: Literal["huber", "squared"] = "squared"
    """Of each number of an action, between -1 and 1."""
    encoder: EncoderName = "fast"
    """Of images: fast, nature (Mnih et al. 2015) or notes (four layers of 3 x 3); vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""
    random_shift: int = 0
    """Longest random shift, in pixels each way, of the images that are learned from; 0 for none."""
    hidden_sizes: tuple[int, ...] = (256,)
    """Hidden layers between encoder and action."""

    def __post_init__(self) -> None:
        for name in ("num_steps", "gradient_steps", "batch_size", "buffer_size"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(0 <= self.expert_share <= 1, f"expert_share={self.expert_share}", "a share from 0 to 1")
        require(0 < self.expert_fraction <= 1, f"expert_fraction={self.expert_fraction}", "a share above 0, to 1")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require(self.max_grad_norm > 0, f"max_grad_norm={self.max_grad_norm}", "a positive number")
        require(self.random_shift >= 0, f"random_shift={self.random_shift}", "0 or more pixels")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")

    def schedules(self) -> tuple[str, ...]:
        """The expert's share's as well."""
        return ("expert_fraction",) * (self.expert_share > 0) + super().schedules()


class Student(Policy):
    """What imitates: an encoder, and a network from features to actions between -1 and 1.

    Args:
        env: whose spaces it is made for.
        config: its sizes.
        seed: of weights and of what is random.
        device: where it is.
    """

    saves = ("networks", "shifting")
    derives = ("low", "high")

    def __init__(self, env: VectorEnv, config: DAggerConfig, *, seed: int, device: torch.device):
        c, observed, space = config, env.observation_space, env.action_space
        if not isinstance(space, spaces.Box) or not space.is_bounded():
            raise UsageError(f"dagger cannot act in {space}; expected a Box with bounds")
        self.action_size = int(torch.Size(space.shape).numel())
        self.low, self.high = (torch.as_tensor(x, dtype=torch.float32).to(device) for x in (space.low, space.high))
        init = seeding.generator(seed, "weights")
        self.encoder = make_encoder(observed, init, c.encoder, c.encoder_precision)
        shifts = self.encoder.learns or not c.random_shift
        require(shifts, f"random_shift={c.random_shift} of vectors {observed}", "0, or images")
        self.net = MLP([self.encoder.num_features, *c.hidden_sizes, self.action_size], "relu", init, 0.01)
        self.networks = nn.ModuleDict({"encoder": self.encoder, "student": self.net}).to(device)
        self.random_shift = c.random_shift
        self.shifting = seeding.generator(seed, "shifts", device=device)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, *shape) within the bounds; it has no randomness of its own."""
        unit_BA = self.net(self.encoder.encode(self.encoder.to_batch(seen))).tanh()
        return from_unit(unit_BA, self.low, self.high)

    def record(self, obs_BF: Tensor) -> Tensor:
        """Actions (B, A) between -1 and 1 to learn from, for observations (B, *obs_shape), shifted where asked."""
        batch = self.encoder.shifted(self.encoder.to_batch(obs_BF), self.random_shift, self.shifting)
        return self.net.record(self.encoder.encode_to_learn(batch)).tanh()

    def to_unit(self, action: Tensor) -> Tensor:
        """Actions (..., *shape) within the bounds to (B, A) between -1 and 1."""
        unit = (action - self.low) / (self.high - self.low) * 2.0 - 1.0
        return unit.view(-1, self.action_size)


class DAgger(Agent, Learner):
    """A student for bounded Box actions, from images or vectors, in worlds that have an expert."""

    name = "dagger"
    config_type = DAggerConfig
    saves = ("interaction", "student", "optimizer", "demonstrations", "mixing", "sampling")
    config: DAggerConfig

    def __init__(self, source: Given, config: DAggerConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        self.policy = self.student = Student(self.env, c, seed=seed, device=self.device)
        try:
            self.env.expert()
        except UsageError as error:
            raise UsageError(f"dagger has nobody to imitate in {self.world.id!r}: {error}") from error
        self.modules = self.student.networks
        self.optimizer = ClippedAdam([self.modules], c.learning_rate, max_grad_norm=c.max_grad_norm)
        observed, size = self.env.observation_space, self.student.action_size
        self.demonstrations = Demonstrations(c.buffer_size, observed, size, self.device)
        self.mixing = seeding.generator(seed, "who acts", device=self.device)
        self.sampling = seeding.generator(seed, "demonstrations", device=self.device)

    @property
    def beta(self) -> float:
        """The probability of a step that the expert takes it, now."""
        return linear(self.config.expert_share, 0.0, self.budget_used / self.config.expert_fraction)

    def step(self) -> Metrics:
        """One iteration: act by expert and student, and ask the expert about every step; then gradient steps."""
        c, beta = self.config, self.beta
        asked = []

        def mixture(obs: Tensor) -> Tensor:  # algorithm 3.1: who acts
            expert = self.env.expert()
            asked.append(expert)
            if beta == 1.0:
                return expert
            by_expert_E = torch.rand(len(expert), generator=self.mixing, device=self.device) < beta
            return torch.where(by_expert_E.view(-1, *[1] * (expert.dim() - 1)), expert, self.student.act(obs))

        rollout = self.interaction.collect(mixture, c.num_steps)
        self.clock += rollout.reward.numel()
        self.demonstrations.add(rollout.obs.flatten(0, 1), self.student.to_unit(torch.stack(asked)))
        return {**self.interaction.episodes.metrics(), **self.update(), "train/expert_share": beta}

    def update(self) -> Metrics:
        """A round of gradient steps on demonstrations drawn anew; reports the mean of their losses."""
        c = self.config
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, self.budget_used)
        losses = [self.gradient_step(*self.demonstrations.sample(c.batch_size, self.sampling))
                  for _ in range(c.gradient_steps)]  # fmt: skip
        return {"train/loss": float(torch.stack(losses).mean())}

    def gradient_step(self, obs_BF: Tensor, expert_BA: Tensor) -> Tensor:
        """One step of encoder and student towards the expert's actions, between -1 and 1; returns the loss before."""
        action_BA = self.student.record(obs_BF)
        loss = td_loss(action_BA.flatten(), expert_BA.flatten(), self.config.loss).mean()  # eq. 3: J
        self.optimizer.descend(loss)
        return loss.detach()
