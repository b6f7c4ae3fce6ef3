"""The loop around off-policy updates: act, remember, and learn from what is remembered."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from palestra.data.demonstrated import DemonstratedReplay
from palestra.data.hindsight import HindsightReplay
from palestra.data.prioritised import PrioritisedReplay
from palestra.data.recorded import recorded_rollout
from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import Rollout
from palestra.engine import seeding
from palestra.engine.interaction import Interaction
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.learners.imitation.lessons import lessons
from palestra.learners.off_policy.actions import Actions
from palestra.measure import Metrics
from palestra.nets.precision import Precision
from palestra.ops.schedules import linear

REPORT_EVERY = 10
"""Gradient steps from one whose figures are computed to the next; nobody looks at all of them."""


@dataclass(frozen=True)
class CriticConfig(AlgorithmConfig):
    """Settings of whatever learns values from transitions, wherever these come from."""

    batch_size: int = 256
    """Transitions of one gradient step."""
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
    value_hidden_sizes: tuple[int, ...] | None = None
    """Hidden layers of the critics where they differ; none for those of the actor."""
    normed_critics: bool = False
    """LayerNorm (Ba et al. 2016) before each activation of the critics: what they say of actions that nobody took stays
    bounded (Ball et al. 2023, section 4.2). Of float32 alone, and slower."""
    precision: Precision = "float32"
    """Of the products between hidden layers: bfloat16 where the processor is faster with it, else float32."""

    def __post_init__(self) -> None:
        for name in ("batch_size", "n_step"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require((self.learning_rate_end or 0) >= 0, f"learning_rate_end={self.learning_rate_end}", "0 or more")
        require(0 <= self.gamma <= 1, f"gamma={self.gamma}", "0 <= gamma <= 1")
        require(0 < self.tau <= 1, f"tau={self.tau}", "0 < tau <= 1")
        for name in ("hidden_sizes", "value_hidden_sizes"):
            sizes = getattr(self, name) or ()
            require(all(n > 0 for n in sizes), f"{name}={sizes}", "positive sizes")
        rounded = self.normed_critics and self.precision != "float32"
        require(not rounded, f"precision={self.precision} with normed_critics", "precision=float32")

    @property
    def value_sizes(self) -> tuple[int, ...]:
        """Hidden layers of critics."""
        return self.hidden_sizes if self.value_hidden_sizes is None else self.value_hidden_sizes

    def schedules(self) -> tuple[str, ...]:
        """The learning rate's, where it has an end."""
        return () if self.learning_rate_end is None else ("learning_rate_end",)

    def learning_rate_at(self, budget_used: float) -> float:
        """The learning rate when this share of the budget is used."""
        if self.learning_rate_end is None:
            return self.learning_rate
        return linear(self.learning_rate, self.learning_rate_end, budget_used)


@dataclass(frozen=True)
class OffPolicyConfig(CriticConfig):
    """Settings that the off-policy actor-critics share."""

    default_num_envs: ClassVar[int] = 1

    buffer_size: int = 1_000_000
    """Transitions that replay remembers."""
    learning_starts: int = 1_000
    """Environment steps of uniformly random actions before the first gradient step."""
    warmup_hold: int = 1
    """Steps for which each of those random actions is kept: where things have inertia, independent ones cancel out."""
    train_frequency: int = 1
    """Environment steps, over all copies, between rounds of gradient steps; at least one of each copy."""
    gradient_steps: int = 1
    """Gradient steps of a round."""
    hindsight: float = 0.0
    """Share of a batch that is given a goal achieved later in its episode (Andrychowicz et al. 2017); the paper's 4 to
    1 is 0.8. For environments with goals."""
    demonstrations: str | None = None
    """Recorded episodes to learn from beside its own (Ball et al. 2023): a file that `palestra record-episodes` wrote,
    or the name of such as are made on the spot; none for none."""
    demonstration_share: float = 0.5
    """Share of each batch that is drawn from them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("buffer_size", "warmup_hold", "train_frequency", "gradient_steps"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.learning_starts >= 0, f"learning_starts={self.learning_starts}", "0 or more")
        require(0 <= self.hindsight <= 1, f"hindsight={self.hindsight}", "a share from 0 to 1")
        require(not self.hindsight or self.n_step == 1, f"n_step={self.n_step} with hindsight", "n_step=1")
        share, size = self.demonstration_share, self.batch_size
        require(0 < share < 1, f"demonstration_share={share}", "a share above 0, below 1")
        both = self.demonstrations is None or 0 < round(share * size) < size
        require(both, f"demonstration_share={share} of batch_size={size}", "one of a batch at least, and not all of it")


class Explorer(Protocol):
    """Whoever finds out what actions are worth, in the form in which replay keeps them."""

    def explore(self, obs_E: Tensor) -> Tensor:
        """Actions (E, ...) to learn from, for observations (E, *obs_shape)."""

    def random(self, obs_E: Tensor) -> Tensor:
        """Uniformly random actions (E, ...), of those that these observations allow."""


class Learned(Protocol):
    """What a gradient step found, for whoever wants figures of it."""

    def figures(self) -> dict[str, Tensor]:
        """Scalars by name."""


class ReplayLoop:
    """Rounds of acting and of gradient steps, and the replay between them.

    Args:
        world: whose goals hindsight would exchange.
        interaction: in which to act.
        actions: as replay keeps them.
        config: sizes and rhythm.
        seed: of the learner.
        device: where replay lies.
    """

    saves = ("replay", "generator", "gradient_steps_done", "held_for", "held_E")
    derives = ("interaction", "actions")

    def __init__(
        self, world: World, interaction: Interaction, actions: Actions, config: OffPolicyConfig, *, seed: int,
        device: torch.device,
    ):  # fmt: skip
        self.interaction, self.actions, self.config = interaction, actions, config
        self.replay = make_replay(world, interaction.env, actions, config, device)
        self.generator = seeding.generator(seed, "replay", device=device)
        self.gradient_steps_done = 0
        self.held_for = 0
        """Steps that the random action has been held for."""
        self.held_E = torch.zeros(0, device=device)
        """That action (E, ...)."""

    @property
    def facts(self) -> dict[str, Any]:
        """For the record of a training: the demonstrations that it learns from, if any."""
        if not isinstance(self.replay, DemonstratedReplay):
            return {}
        return {"demonstrations": {"steps": len(self.replay.shown), "sha256": self.replay.digest}}

    def gather(self, explorer: Explorer, clock: int) -> Rollout:
        """Act for a round, at random before learning starts, and remember what happened."""
        act = explorer.explore if clock >= self.config.learning_starts else partial(self._at_random, explorer)
        return remembered(self.replay, self.interaction, act, self.config.train_frequency, self.actions.to_env)

    def _at_random(self, explorer: Explorer, obs_E: Tensor) -> Tensor:
        if self.held_for == 0:
            self.held_E = explorer.random(obs_E)
        self.held_for = (self.held_for + 1) % self.config.warmup_hold
        return self.held_E

    def learn(self, gradient_step: Callable[[Transitions], Learned]) -> Metrics:
        """A round of gradient steps on freshly drawn transitions; reports every ``REPORT_EVERY``-th."""
        c = self.config
        reported: Learned | None = None
        for _ in range(c.gradient_steps):
            b = self.replay.sample(c.batch_size, self.generator, n_step=c.n_step, gamma=c.gamma)
            self.gradient_steps_done += 1
            learned = gradient_step(b)
            if self.gradient_steps_done % REPORT_EVERY == 0:
                reported = learned
        if reported is None:
            return {}
        return {f"train/{name}": float(value) for name, value in reported.figures().items()}

    def resumed(self) -> None:
        """What belonged to episodes that are gone ends there."""
        self.replay.cut(self.interaction.restarted_E)


def remembered(
    replay: ReplayBuffer | PrioritisedReplay | DemonstratedReplay,
    interaction: Interaction,
    act: Callable[[Tensor], Tensor],
    train_frequency: int,
    to_env: Callable[[Tensor], Tensor] | None = None,
) -> Rollout:
    """What happened in ``train_frequency`` steps over all copies, at least one in each; replay remembers it."""
    rollout = interaction.collect(act, max(1, train_frequency // interaction.num_envs), to_env)
    replay.add(rollout)
    return rollout


def make_replay(
    world: World, env: VectorEnv, actions: Actions, config: OffPolicyConfig, device: torch.device
) -> ReplayBuffer | DemonstratedReplay:
    """A ring of transitions, beside one of demonstrations if the settings name any."""
    own = _ring(world, env, actions, config, device, config.buffer_size, env.num_envs)
    if config.demonstrations is None:
        return own
    episodes = lessons(config.demonstrations, world, env, "off-policy learning", setting="demonstrations", rewards=True)
    action_N = actions.recorded(episodes.actions)
    shown = _ring(world, env, actions, config, device, len(action_N), 1)
    shown.add(recorded_rollout(episodes, action_N))
    return DemonstratedReplay(own, shown, config.demonstration_share, episodes.digest)


def _ring(
    world: World, env: VectorEnv, actions: Actions, config: OffPolicyConfig, device: torch.device, capacity: int,
    num_envs: int,
) -> ReplayBuffer:  # fmt: skip
    """A ring of transitions, with goals that can be exchanged if the settings ask for hindsight."""
    ring = (capacity, num_envs, env.observation_space, actions.shape, actions.dtype, device)
    if not config.hindsight:
        return ReplayBuffer(*ring)
    if env.goal is None:
        raise UsageError(
            f"hindsight={config.hindsight} in {world.id!r}, whose observations hold no goals; expected 0, or"
            " an environment with goals: a Dict with achieved_goal and desired_goal in it, and a method compute_reward"
            " (or palestra/ArmReach-v0 with view='goal')"
        )
    return HindsightReplay(env.goal, config.hindsight, *ring)
