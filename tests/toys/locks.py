"""A world in which most actions are not allowed: keys, of which a few turn at each lock, and one opens it."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray


class Locks(gym.Env[Any, Any]):
    """Observes the lock that it stands at; 1 for opening it, at most 20 steps.

    Args:
        how: the mask stands in a ``dict`` of observations or in ``info``, and an action that it does not allow is an
            error; or there is ``none``, and such an action is a step lost.
        number: observe the lock as a Discrete, not one-hot.
        keys: how many; four of them turn at each lock.
    """

    LOCKS, TURNING = 4, 4

    def __init__(self, how: str = "dict", number: bool = False, keys: int = 64) -> None:
        self.how, self.number, self.keys = how, number, keys
        rng = np.random.default_rng(0)
        self.turning = np.stack([rng.choice(keys, self.TURNING, replace=False) for _ in range(self.LOCKS)])
        lock: gym.Space[Any] = spaces.Discrete(self.LOCKS) if number else spaces.Box(0, 1, (self.LOCKS,), np.float32)
        mask = spaces.MultiBinary(keys)
        self.observation_space = spaces.Dict({"observation": lock, "action_mask": mask}) if how == "dict" else lock
        self.action_space = spaces.Discrete(keys)
        self.at = self.elapsed = 0

    def mask(self) -> NDArray[np.int8]:
        """Which keys turn here."""
        out = np.zeros(self.keys, np.int8)
        out[self.turning[min(self.at, self.LOCKS - 1)]] = 1
        return out

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """At the first lock."""
        super().reset(seed=seed)
        self.at = self.elapsed = 0
        return self._seen(), self._info()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Try a key."""
        self.elapsed += 1
        turning = self.turning[self.at]
        if self.how != "none" and action not in turning:
            raise ValueError(f"key {action} does not turn; expected one of {turning}")
        opened = bool(action == turning[0])
        self.at += opened
        return self._seen(), float(opened), self.at == self.LOCKS, self.elapsed >= 20, self._info()

    def _seen(self) -> Any:
        at = min(self.at, self.LOCKS - 1)
        lock = at if self.number else np.eye(self.LOCKS, dtype=np.float32)[at]
        return {"observation": lock, "action_mask": self.mask()} if self.how == "dict" else lock

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self.mask()} if self.how == "info" else {}
