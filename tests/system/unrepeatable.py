"""A world that can neither be saved nor played again: it takes its randomness from the operating system."""

import os
from typing import Any

import gymnasium as gym
import numpy as np


class Unrepeatable(gym.Env[np.ndarray, int]):
    """Bytes from the operating system; an episode takes ten steps."""

    observation_space = gym.spaces.Box(0.0, 1.0, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        return self._look(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        return self._look(), float(action), False, False, {}

    def _look(self) -> np.ndarray:
        return np.frombuffer(os.urandom(2), np.uint8).astype(np.float32) / 255


gym.register("Unrepeatable-v0", Unrepeatable, max_episode_steps=10)
