"""A world that says in info how an episode went: numbers of every kind, and what is none."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

ID = "test/Grasp-v0"


class Grasp(gym.Env[Any, Any]):
    """Lasts some steps; a success if the last action was 1. What it says before the end would be wrong to count."""

    observation_space = spaces.Box(-10.0, 10.0, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.left = self.length = int(self.np_random.integers(2, 7))
        return self._seen(), {"is_success": -1.0}

    def step(self, action: Any) -> Any:
        self.left -= 1
        if self.left:
            return self._seen(), 0.0, False, False, {"is_success": 1e9, "drag": 1e9}
        said = {
            "is_success": bool(action == 1),
            "drag": 0.5 if self.length > 4 else 2,  # a float of some copies and an integer of others
            "length": np.array(self.length),
            "return_mean": 1e9,
            "time_to_success": float(self.length) if action == 1 else np.nan,
            "how": "well",
            "parts": {"inner": 1.0},
            "path": np.zeros(3),
            7: 7.0,
        }
        return self._seen(), float(action), self.length > 3, self.length <= 3, said

    def _seen(self) -> Any:
        return np.array([self.left, self.length], np.float32)


gym.register(ID, Grasp)
