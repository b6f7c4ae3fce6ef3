"""A world of images for the learners that see: a dot, to be pointed at. Its episodes can be played again."""

from typing import Any

import gymnasium as gym
import numpy as np


class Dot(gym.Env[np.ndarray, np.ndarray]):
    """Twelve by twelve pixels; an episode takes seven steps."""

    observation_space = gym.spaces.Box(0, 255, (12, 12, 1), np.uint8)
    action_space = gym.spaces.Box(-1, 1, (2,))

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        return self._show(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        reward = -float(np.abs(action - self._place / 5.5 + 1).sum())
        return self._show(), reward, False, False, {}

    def expert(self) -> np.ndarray:
        return (self._place / 5.5 - 1).astype(np.float32)

    def _show(self) -> np.ndarray:
        self._place = self.np_random.integers(12, size=2)
        image = np.zeros((12, 12, 1), np.uint8)
        image[*self._place] = 255
        return image


gym.register("system/Dot-v0", Dot, max_episode_steps=7)
