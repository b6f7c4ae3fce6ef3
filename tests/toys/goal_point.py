"""A goal environment as users write them: a point that is to be moved to where it seldom comes by chance."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray


class GoalPoint(gym.Env[Any, Any]):
    """An action of 1 moves by 0.2; 0 within the radius of the goal, else -1; cut after 20 steps.

    With ``one``, ``compute_reward`` takes one goal at a time only.
    """

    RADIUS = 0.1

    def __init__(self, one: bool = False) -> None:
        self.one = one
        box = spaces.Box(-1.0, 1.0, (2,), np.float64)
        self.observation_space = spaces.Dict(
            {"observation": spaces.Box(-1.0, 1.0, (3,)), "achieved_goal": box, "desired_goal": box}
        )
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.place, self.goal, self.elapsed = np.zeros(2), np.zeros(2), 0

    def compute_reward(self, achieved: NDArray[Any], desired: NDArray[Any], info: Any) -> Any:
        """Of one goal, or of a batch."""
        if self.one:
            return -float(np.linalg.norm(achieved - desired) > self.RADIUS)  # over a whole batch, if it is given one
        return -(np.linalg.norm(achieved - desired, axis=-1) > self.RADIUS).astype(np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """Point and goal anywhere."""
        super().reset(seed=seed)
        self.place, self.goal = self.np_random.uniform(-1, 1, 2), self.np_random.uniform(-1, 1, 2)
        self.elapsed = 0
        return self._seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """The point moved, within the square."""
        self.place, self.elapsed = np.clip(self.place + 0.2 * np.asarray(action), -1, 1), self.elapsed + 1
        reward = float(self.compute_reward(self.place, self.goal, {}))
        return self._seen(), reward, False, self.elapsed >= 20, {}

    def _seen(self) -> dict[str, NDArray[Any]]:
        rest = np.array([self.elapsed / 20, 0, 0], np.float32)
        return {"observation": rest, "achieved_goal": self.place.copy(), "desired_goal": self.goal.copy()}


class EndingGoalPoint(GoalPoint):
    """One that says when a goal ends an episode: one goal at a time, as gymnasium-robotics' do."""

    def compute_terminated(self, achieved: NDArray[Any], desired: NDArray[Any], info: Any) -> bool:
        """Within the radius."""
        return bool(np.linalg.norm(achieved - desired) <= self.RADIUS)
