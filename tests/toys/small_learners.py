"""Small learners, one for every kind of task that there is, for tests of what all of them keep."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from recordings import episodes

from palestra.datasets.recorded import MADE
from palestra.engine.learner import Learner
from palestra.envs.world import World
from palestra.learners.registry import learner_type

SMALL = {
    "num_steps": 8, "minibatch_size": 16, "num_epochs": 2, "normalize_obs": True, "normalize_reward": True,
    "learning_rate_schedule": "linear", "buffer_size": 40, "learning_starts": 8, "batch_size": 8,
    "train_frequency": 16, "gradient_steps": 2, "n_step": 3, "target_update_interval": 24, "hidden_sizes": (8,),
    "views": 2, "encoder_channels": 4, "prioritised": True, "noisy": True, "encoder": "fast", "random_shift": 1,
    "horizon": 3, "samples": 4, "elites": 2, "iterations": 1, "hold": 2, "levels": 4, "evaluations": 2, "eta": 0.5,
    "memory_size": 8, "width": 8, "heads": 2, "blocks": 1, "context": 2, "batches_per_step": 2,
    "data": "contract/Discrete",
}  # fmt: skip
"""Settings by name, for whichever learner has them: small, and with everything on that has a state of its own."""


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
    """An image of a dot, to be pointed at; it has an expert."""

    observation_space = gym.spaces.Box(0, 255, (12, 12, 1), np.uint8)
    action_space = gym.spaces.Box(-1, 1, (2,))

    def _show(self) -> np.ndarray:
        self._place = self.np_random.integers(12, size=2)
        image = np.zeros((12, 12, 1), np.uint8)
        image[*self._place] = 255
        return image

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return self._show(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        reward = -float(np.abs(action - self.expert()).sum())
        return self._show(), reward, bool(self.np_random.random() < 0.2), False, {}

    def expert(self) -> np.ndarray:
        return self._place / 5.5 - 1


TASKS = {
    "Discrete": "CartPole-v1", "Box": "Pendulum-v1", "MultiDiscrete": "contract/Knobs-v0", "images": "contract/Dot-v0",
    "finite": "FrozenLake-v1", "bandit": "bandit/bernoulli", "drifting": "bandit/drifting",
}  # fmt: skip
RECORDED = ("Discrete", "Box")
"""Kinds of tasks of which there are recorded episodes."""
OWN = {TASKS["MultiDiscrete"]: Knobs, TASKS["images"]: Dot}


def register_own() -> None:
    for env_id, kind in OWN.items():
        if env_id not in gym.registry:
            gym.register(env_id, kind)
    for kind in RECORDED:
        MADE[f"contract/{kind}"] = functools.partial(episodes, TASKS[kind], [6] * 10)


register_own()


def construct(
    name: str, kind: str, seed: int = 0, *, device: str = "auto", small: Mapping[str, Any] = SMALL
) -> Learner:
    """A small learner; UsageError where it does not serve this kind of task. ``small`` holds settings by name."""
    cls = learner_type(name)
    fields = {f.name for f in dataclasses.fields(cls.config_type)}
    own = {"data": f"contract/{kind}"} if kind in RECORDED else {}
    config = cls.config_type(**{key: value for key, value in {**small, **own}.items() if key in fields})
    learner = cls(World(TASKS[kind], 2), config, seed=seed, device=device)
    learner.budget = 1_000
    return learner
