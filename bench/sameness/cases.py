"""What is compared: every learner in every kind of world, and the settings that lead through other lines.

Nothing here imports Palestra, so that both sides read the same list.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np

Settings = dict[str, Any]

SMALL: Settings = {
    "num_steps": 8, "minibatch_size": 16, "num_epochs": 2, "normalize_obs": True, "normalize_reward": True,
    "learning_rate_schedule": "linear", "buffer_size": 40, "learning_starts": 8, "batch_size": 8,
    "train_frequency": 16, "gradient_steps": 2, "n_step": 3, "target_update_interval": 24, "hidden_sizes": (8,),
    "views": 2, "encoder_channels": 4, "log_std_init": 0.0,
}  # fmt: skip
"""The contract tests' settings, for whichever learner has them."""


class Knobs(gym.Env):
    """Two knobs to be turned to the positions shown."""

    observation_space = gym.spaces.Box(0, 2, (2,))
    action_space = gym.spaces.MultiDiscrete([2, 3])

    def _show(self) -> np.ndarray:
        self._wanted = self.np_random.integers([2, 3])
        return self._wanted.astype(np.float32)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return self._show(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        reward = float((action == self._wanted).mean())
        return self._show(), reward, bool(self.np_random.random() < 0.2), False, {}


class Dot(gym.Env):
    """An image of a dot, to be pointed at; it has an expert. It is as small as every encoder can see."""

    observation_space = gym.spaces.Box(0, 255, (36, 36, 1), np.uint8)
    action_space: gym.Space = gym.spaces.Box(-1, 1, (2,))

    def _show(self) -> np.ndarray:
        self._place = self.np_random.integers(36, size=2)
        image = np.zeros((36, 36, 1), np.uint8)
        image[*self._place] = 255
        return image

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return self._show(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        reward = self._reward(action)
        return self._show(), reward, bool(self.np_random.random() < 0.2), False, {}

    def _reward(self, action: np.ndarray) -> float:
        return -float(np.abs(action - self.expert()).sum())

    def expert(self) -> np.ndarray:
        return self._place / 17.5 - 1


class Quarter(Dot):
    """The same image; which quarter of it the dot is in is to be said."""

    action_space = gym.spaces.Discrete(4)

    def _reward(self, action: np.ndarray) -> float:
        return float(action == self.expert())

    def expert(self) -> np.ndarray:
        return np.int64(2 * (self._place[0] > 17) + (self._place[1] > 17))


OWN = {"same/Knobs-v0": Knobs, "same/Dot-v0": Dot, "same/Quarter-v0": Quarter}


def register_own() -> None:
    for env_id, kind in OWN.items():
        gym.register(env_id, kind)


@dataclass(frozen=True)
class Place:
    """Which world, as both sides' description of one takes it."""

    id: str
    kwargs: Settings = field(default_factory=dict)
    backend: str = "auto"
    reference: bool = True
    """Evaluate in the reference too; not in a simulator, which takes seconds to start."""


_REACH = "palestra/ArmReach-v0"
WORLDS = {
    "Discrete": Place("CartPole-v1"),
    "Box": Place("Pendulum-v1"),
    "MultiDiscrete": Place("same/Knobs-v0"),
    "images": Place("same/Dot-v0"),
    "images, Discrete": Place("same/Quarter-v0"),
    "finite": Place("FrozenLake-v1"),
    "time limit": Place("MountainCar-v0"),
    "goals": Place("probe/GoalPoint"),
    "arm": Place(_REACH, {"view": "state"}, reference=False),
    "bandit": Place("bandit/bernoulli"),
    "gaussian": Place("bandit/gaussian"),
    "drifting": Place("bandit/drifting"),
}
"""Every learner is tried in every one of these; where it refuses, there is nothing to compare."""

MORE_WORLDS = {
    "Acrobot": Place("Acrobot-v1"),
    "CartPole, sync": Place("CartPole-v1", backend="sync"),
    "CartPole, async": Place("CartPole-v1", backend="async"),
    "CartPole, envpool": Place("CartPole-v1", backend="envpool"),
    "MountainCarContinuous": Place("MountainCarContinuous-v0"),
    "PendulumDiscrete": Place("palestra/PendulumDiscrete-v1"),
    "Cliff": Place("CliffWalking-v1", reference=False),
    "Taxi": Place("Taxi-v4", reference=False),
    "grid": Place("palestra/GridWorld-v0", {"size": 6}),
    "Garnet": Place("palestra/Garnet-v0"),
    "arm, goal": Place(_REACH, {"view": "goal"}, reference=False),
    "arm, pixels": Place(_REACH, {"view": "pixels", "frame_stack": 1, "randomisation": "low"}, reference=False),
    "arm, push": Place("palestra/ArmPush-v0", {"view": "state"}, reference=False),
    "probe, pixels": Place("probe/PixelTarget"),
    "probe, two targets": Place("probe/TwoTargets"),
}
"""For single learners, below."""


@dataclass(frozen=True)
class Case:
    """One learner with settings in one world."""

    learner: str
    world: str
    settings: Settings = field(default_factory=dict)
    """Over SMALL; a learner that lacks one of them fails."""
    named: bool = True
    """It stands in a list, and has to be served; otherwise the learner is only tried in that world."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        changes = ", ".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{self.learner}, {self.world}" + (f": {changes}" if changes else "")

    @property
    def place(self) -> Place:
        """Its world."""
        return (WORLDS | MORE_WORLDS)[self.world]


_IMAGES = {"normalize_obs": False}
"""Bytes are not normalised."""
_RAINBOW = {"double": True, "dueling": "mean", "prioritised": True, "noisy": True, "distributional": "c51"}
_VARIANTS: dict[tuple[str, str], list[Settings]] = {
    ("vpg", "Discrete"): [
        *({"phi": phi} for phi in ("return", "reward_to_go", "baseline", "q", "advantage", "td_residual")),
        {"normalize_advantage": False, "normalize_obs": False, "entropy_coef": 0.01},
    ],
    ("vpg", "Box"): [{"phi": "q"}, {"phi": "return", "activation": "relu"}],
    ("a2c", "Discrete"): [
        {"optimizer": "adam"}, {"optimizer": "rmsprop"}, {"entropy_coef": 0.01, "normalize_advantage": True},
    ],
    ("a2c", "images"): [_IMAGES, _IMAGES | {"encoder": "fast", "random_shift": 2}],
    ("a2c", "images, Discrete"): [_IMAGES],
    ("trpo", "Box"): [{"target_kl": 0.05, "cg_steps": 4}, {"line_search_steps": 1}],
    ("ppo", "Discrete"): [
        {"surrogate": "kl_penalty", "target_kl": 0.01}, {"target_kl": 0.001},
        {"clip_value": 0.1}, {"clip_schedule": "linear", "entropy_coef": 0.01}, {"hidden_sizes": (8, 8)},
        {"normalize_advantage": False, "normalize_obs": False, "normalize_reward": False},
    ],
    ("ppo", "Box"): [{"surrogate": "kl_penalty", "target_kl": 0.01}, {"log_std_init": -0.5, "activation": "relu"}],
    ("ppo", "MultiDiscrete"): [{"surrogate": "kl_penalty", "target_kl": 0.01}],
    ("ppo", "images"): [
        _IMAGES | {"encoder": "fast", "random_shift": 2}, _IMAGES | {"encoder": "nature"},
        _IMAGES | {"encoder": "fast", "encoder_precision": "bfloat16"},
        _IMAGES | {"encoder": "notes", "hidden_sizes": ()}, {"encoder": "flat"},
    ],
    ("ppo", "images, Discrete"): [
        _IMAGES, _IMAGES | {"encoder": "fast", "surrogate": "kl_penalty", "target_kl": 0.01},
    ],
    ("ddpg", "Box"): [{"noise": "ou"}, {"learning_rate_end": 1e-5, "warmup_hold": 3}, {"n_step": 1}],
    ("td3", "Box"): [{"precision": "bfloat16"}, {"policy_delay": 3, "noise": "ou"}, {"hidden_sizes": (8, 8)}],
    ("td3", "goals"): [{"hindsight": 0.8, "n_step": 1}],
    ("sac", "Box"): [
        {"precision": "bfloat16", "hidden_sizes": (16, 16)}, {"temperature": 0.2}, {"target_entropy": -0.5},
        {"learning_rate_end": 1e-5, "warmup_hold": 3},
    ],
    ("sac", "goals"): [{"hindsight": 0.8, "n_step": 1}],
    ("sac", "arm, goal"): [{"hindsight": 0.8, "n_step": 1}],
    ("discrete-sac", "Discrete"): [{"temperature": 0.2}, {"target_entropy": 0.3}],
    ("drq", "images"): [{"augment": "none", "views": 1}, {"views": 1, "shift_pixels": 2}, {"temperature": 0.2}],
    ("dagger", "images"): [
        {"loss": "huber", "random_shift": 2}, {"encoder": "nature"}, {"encoder_precision": "bfloat16"},
        {"expert_fraction": 0.5, "learning_rate_schedule": "constant"},
    ],
    ("dqn", "Discrete"): [
        {"double": True}, {"dueling": "mean"}, {"dueling": "max"}, {"prioritised": True}, {"noisy": True},
        {"distributional": "c51"}, {"distributional": "quantile"}, {"loss": "squared"}, {"tau": 0.05}, _RAINBOW,
        {"double": True, "prioritised": True, "tau": 0.05}, {"hidden_sizes": (8, 8), "activation": "tanh"},
        {"distributional": "quantile", "dueling": "mean", "noisy": True, "double": True},
    ],
    ("value-iteration", "finite"): [
        {"order": "in_place"}, {"order": "prioritised"}, {"precision": "float32"}, {"gamma": 0.9},
    ],
    ("policy-iteration", "finite"): [{"evaluation": "exact"}],
    ("modified-policy-iteration", "finite"): [{"evaluation_sweeps": 3}],
    ("sarsa-lambda", "finite"): [{"traces": "accumulating"}],
    ("monte-carlo", "finite"): [{"first_visit": False}],
    ("expected-sarsa", "finite"): [{"target_epsilon": 0.0}],
    ("tree-backup", "finite"): [{"target_epsilon": 0.1}],
    ("q-learning", "finite"): [{"learning_rate_decay": 0.7, "initial_value": 1.0}],
    ("epsilon-greedy", "bandit"): [
        {"schedule": "inverse", "epsilon": 50.0}, {"schedule": "linear"}, {"step_size": 0.1},
    ],
    ("ucb", "bandit"): [{"step_size": 0.1}, {"power": 1.0}],
    ("thompson", "drifting"): [{"drift": 0.01}],
    ("gradient-bandit", "bandit"): [{"baseline": False}],
    ("ppo", "Acrobot"): [{}],
    ("ppo", "CartPole, sync"): [{}],
    ("ppo", "CartPole, async"): [{}],
    ("ppo", "CartPole, envpool"): [{}],
    ("sac", "MountainCarContinuous"): [{}],
    ("dqn", "PendulumDiscrete"): [{}],
    ("q-learning", "Cliff"): [{}],
    ("policy-iteration", "Garnet"): [{}],
    ("sarsa", "Taxi"): [{}],
    ("value-iteration", "grid"): [{}],
    ("q-learning", "grid"): [{}],
    ("value-iteration", "Garnet"): [{}],
    ("ppo", "arm, pixels"): [_IMAGES | {"encoder": "fast", "random_shift": 2}],
    ("dagger", "arm, pixels"): [{"random_shift": 2}],
    ("sac", "arm, push"): [{}],
    ("ppo", "probe, pixels"): [_IMAGES | {"encoder": "fast"}],
    ("sac", "probe, two targets"): [{}],
}  # fmt: skip
"""Settings over SMALL, each list's in the world beside its learner."""


TRAININGS: dict[str, Settings] = {
    "cartpole/ppo": {"budget": 4_096},
    "cartpole/dqn": {"budget": 2_000},
    "cartpole/a2c": {"budget": 2_000, "settings": {"gamma": 0.9, "hidden_sizes": (16,)}, "num_envs": 4},
    "pendulum/sac": {"budget": 1_200, "settings": {"learning_starts": 400, "batch_size": 32}},
    "pendulum/td3": {"budget": 1_200, "settings": {"learning_starts": 400, "batch_size": 32}},
    "arm-reach-state/dagger": {"budget": 1_000, "settings": {"gradient_steps": 4}},
    "cliff/q-learning": {"budget": 2_000},
    "frozen-lake/value-iteration": {"budget": 100},
    "frozen-lake/policy-iteration": {"budget": 100},
    "bandit/ucb1": {"budget": 200},
    "bandit-drifting/thompson": {"budget": 200},
}
"""Recipes, each with what shortens it, for ``palestra.train``: what it records, and what can be loaded afterwards."""


def cases(learners: list[str]) -> Iterator[Case]:
    """Every learner in every kind of world; then the settings of their own."""
    for name in learners:
        yield from (Case(name, world, named=False) for world in WORLDS)
    for (name, world), variants in _VARIANTS.items():
        yield from (Case(name, world, settings) for settings in variants)
