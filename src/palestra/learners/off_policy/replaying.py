"""What DDPG, TD3 and SAC share: act, remember, learn from replay, and follow slowly with target networks.

A file of its own holds each algorithm's networks and its ``gradient_step``; the loop around them stands here once.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.data.hindsight import HindsightReplay
from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import collect
from palestra.engine import seeding
from palestra.engine.agent import Agent, restart_notes
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.spaces import flat_dim, from_unit
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.measure import Metrics
from palestra.nets.ensemble import Precision
from palestra.nets.optimizer import ClippedAdam
from palestra.ops.features import flat_features
from palestra.ops.schedules import linear

Figures = Callable[[], dict[str, Tensor]]
"""What a gradient step has to report, as scalars; called only if it is wanted."""
REPORT_EVERY = 10
"""Gradient steps from one whose figures are computed to the next; nobody looks at all of them."""


@dataclass(frozen=True)
class OffPolicyConfig(AlgorithmConfig):
    """Settings that the off-policy actor-critics share."""

    default_num_envs: ClassVar[int] = 1

    buffer_size: int = 1_000_000
    """Transitions that replay remembers."""
    learning_starts: int = 1_000
    """Environment steps of uniformly random actions before the first gradient step."""
    warmup_hold: int = 1
    """Steps for which each of those random actions is kept: where things have inertia, independent ones cancel out."""
    batch_size: int = 256
    """Transitions of one gradient step."""
    train_frequency: int = 1
    """Environment steps, over all copies, between rounds of gradient steps."""
    gradient_steps: int = 1
    """Gradient steps of a round."""
    learning_rate: float = 3e-4
    """Of Adam, for actor and critics."""
    learning_rate_end: float | None = None
    """Learning rate at the end of the budget, reached linearly; none for a constant one."""
    gamma: float = 0.99
    """Discount."""
    n_step: int = 1
    """Rewards summed before the bootstrap."""
    tau: float = 0.005
    """Share by which target networks move towards their networks after every gradient step."""
    hidden_sizes: tuple[int, ...] = (256, 256)
    """Hidden layers of actor and critics."""
    precision: Precision = "float32"
    """Of the products between hidden layers: bfloat16 is faster on processors that have it."""
    hindsight: float = 0.0
    """Share of a batch that is given a goal achieved later in its episode (Andrychowicz et al. 2017); the paper's 4 to
    1 is 0.8. For environments with goals."""

    def __post_init__(self) -> None:
        for name in ("buffer_size", "warmup_hold", "batch_size", "train_frequency", "gradient_steps", "n_step"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.learning_starts >= 0, f"learning_starts={self.learning_starts}", "0 or more")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require((self.learning_rate_end or 0) >= 0, f"learning_rate_end={self.learning_rate_end}", "0 or more")
        require(0 <= self.gamma <= 1, f"gamma={self.gamma}", "0 <= gamma <= 1")
        require(0 < self.tau <= 1, f"tau={self.tau}", "0 < tau <= 1")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")
        require(0 <= self.hindsight <= 1, f"hindsight={self.hindsight}", "a share from 0 to 1")
        require(not self.hindsight or self.n_step == 1, f"n_step={self.n_step} with hindsight", "n_step=1")


class OffPolicy(Agent):
    """An agent with an actor, critics and replay, for bounded Box actions.

    Actors and critics know actions between -1 and 1 alone; ``to_env`` stretches them to the bounds of the space, which
    need be neither symmetric nor the same in every dimension.
    """

    config: OffPolicyConfig

    def __init__(self, env: str | World, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        action_shape_and_dtype = self.know_actions()
        self.acting = seeding.generator(seed, "actions", device=self.device)
        self.sampling = seeding.generator(seed, "replay", device=self.device)
        self.learning = seeding.generator(seed, "noise of updates", device=self.device)
        self.replay = self._make_replay(*action_shape_and_dtype)
        self.gradient_steps_done = 0
        self.held_for = 0
        self.held_E = torch.zeros(0, device=self.device)

    def _make_replay(self, shape: tuple[int, ...], dtype: torch.dtype) -> ReplayBuffer:
        """A ring of transitions with actions of this shape and dtype."""
        c, env = self.config, self.env
        if not c.hindsight:
            return ReplayBuffer(c.buffer_size, env.num_envs, env.observation_space, shape, dtype, self.device)
        if env.goal is None:
            raise UsageError(
                f"hindsight={c.hindsight} in {self.world.id!r}, whose observations hold no goals; expected 0, or"
                " an environment with goals (palestra/ArmReach-v0 with view='goal')"
            )
        return HindsightReplay(
            env.goal, c.hindsight, c.buffer_size, env.num_envs, env.observation_space, shape, dtype, self.device
        )

    def know_actions(self) -> tuple[tuple[int, ...], torch.dtype]:
        """Take note of the action space; returns shape and dtype of an action in replay. UsageError for a wrong one."""
        space = self.env.action_space
        if not isinstance(space, spaces.Box) or not space.is_bounded():
            raise UsageError(f"{self.name} cannot act in {space}; expected a Box with bounds (ppo serves any space)")
        self.action_size = int(torch.Size(space.shape).numel())
        self.low, self.high = (torch.as_tensor(x, dtype=torch.float32).to(self.device) for x in (space.low, space.high))
        return (self.action_size,), torch.float32

    @abstractmethod
    def explore(self, obs_EF: Tensor) -> Tensor:
        """Actions (E, A) between -1 and 1 to learn from, with exploration."""

    @abstractmethod
    def gradient_step(self, b: Transitions) -> Figures:
        """One step of every network on a batch."""

    @abstractmethod
    def optimizers(self) -> dict[str, ClippedAdam]:
        """All of them by name, for their state and learning rate."""

    def more_state(self) -> dict[str, Any]:
        """What an algorithm keeps beyond networks, optimizers and replay."""
        return {}

    def load_more_state(self, state: dict[str, Any], restarted_E: Tensor) -> None:
        """Continue from ``more_state``, with environments (E,) bool that began a new episode."""

    def to_env(self, action_EA: Tensor) -> Tensor:
        """From actions (E, A) between -1 and 1 to the space's bounds (E, *shape)."""
        return from_unit(action_EA, self.low, self.high)

    def random_actions(self, num: int) -> Tensor:
        """Uniform actions (num, A) between -1 and 1."""
        return torch.rand(num, self.action_size, generator=self.acting, device=self.device) * 2.0 - 1.0

    def num_features(self) -> int:
        """F of ``features``."""
        return flat_dim(self.env.observation_space)

    def features(self, obs_BF: Tensor) -> Tensor:
        """What networks are given for observations (B, *obs_shape): (B, F) float32."""
        return flat_features(obs_BF)

    def _behave(self, obs_EF: Tensor) -> Tensor:
        if self.clock < self.config.learning_starts:
            if self.held_for == 0:
                self.held_E = self.random_actions(len(obs_EF))
            self.held_for = (self.held_for + 1) % self.config.warmup_hold
            return self.held_E
        return self.explore(self.features(obs_EF))

    def step(self) -> Metrics:
        """One round: act for ``train_frequency`` steps, then take ``gradient_steps`` gradient steps."""
        c = self.config
        num_steps = max(1, c.train_frequency // self.env.num_envs)
        rollout, self.obs = collect(self.env, self._behave, self.obs, num_steps, to_env=self.to_env)
        self.clock += num_steps * self.env.num_envs
        self.replay.add(rollout)
        self.episodes.add(rollout.reward, rollout.done)
        self.after_rollout(rollout.done)
        metrics = self.episodes.metrics()
        if self.clock > c.learning_starts:
            metrics |= self.update()
        return metrics

    def after_rollout(self, done_TE: Tensor) -> None:
        """Told which steps (T, E) bool ended an episode, for noise that remembers."""

    @torch.no_grad()
    def update(self) -> Metrics:
        """A round of gradient steps on freshly drawn transitions; reports every ``REPORT_EVERY``-th."""
        c = self.config
        if c.learning_rate_end is not None and self.budget:
            for optimizer in self.optimizers().values():
                optimizer.learning_rate = linear(c.learning_rate, c.learning_rate_end, self.clock / self.budget)
        reported: Figures = dict
        for _ in range(c.gradient_steps):
            b = self.replay.sample(c.batch_size, self.sampling, n_step=c.n_step, gamma=c.gamma)
            self.gradient_steps_done += 1
            figures = self.gradient_step(self.prepare(b))
            if self.gradient_steps_done % REPORT_EVERY == 0:
                reported = figures
        return {f"train/{name}": float(value) for name, value in reported().items()}

    def prepare(self, b: Transitions) -> Transitions:
        """A batch as ``gradient_step`` takes it: with features in place of observations."""
        return b._replace(obs_BF=self.features(b.obs_BF), next_obs_BF=self.features(b.next_obs_BF))

    def state_dict(self) -> dict[str, Any]:
        """Networks, optimizers, replay, generators, environments and the unfinished episodes."""
        return {
            **self.world_state(),
            "modules": dict(self.modules.state_dict()),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers().items()},
            "replay": self.replay.state_dict(),
            "acting": self.acting.get_state(),
            "sampling": self.sampling.get_state(),
            "learning": self.learning.get_state(),
            "gradient_steps_done": self.gradient_steps_done,
            "held_for": self.held_for,
            "held": self.held_E.clone(),
            "more": self.more_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        restarted_E = self.load_world_state(state)
        self.modules.load_state_dict(state["modules"])
        for name, optimizer in self.optimizers().items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.replay.load_state_dict(state["replay"])
        self.acting.set_state(state["acting"])
        self.sampling.set_state(state["sampling"])
        self.learning.set_state(state["learning"])
        self.gradient_steps_done = state["gradient_steps_done"]
        self.held_for, self.held_E = state["held_for"], state["held"].to(self.device)
        self.load_more_state(state["more"], restarted_E)
        self.replay.cut(restarted_E)
        return restart_notes(restarted_E)


def make_target(network: nn.Module, copy: nn.Module) -> nn.Module:
    """``copy`` with the parameters of ``network``, never to be trained by gradient."""
    copy.load_state_dict(network.state_dict())
    return copy.requires_grad_(False)
