"""Goal environments of the usual form, as gymnasium-robotics and panda-gym make them, for hindsight as they are.

They observe a Dict with ``achieved_goal`` and ``desired_goal`` in it, and ``compute_reward(achieved, desired, info)``
says what having achieved the one is worth while the other is desired; some have ``compute_terminated`` too. An
environment of ours says the same with an attribute ``goal_spec``, on tensors.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.spaces import AdaptedObservation, Packed
from palestra.errors import PalestraError

ACHIEVED, DESIRED = "achieved_goal", "desired_goal"


class GoalLayout(NamedTuple):
    """Where goals lie in an observation that was made one vector, and what they were before."""

    achieved: slice
    """Numbers that say what was achieved."""
    desired: slice
    """Numbers that say what is to be achieved, as many."""
    goal: spaces.Box | spaces.MultiBinary
    """The space of a goal."""


def goal_layout(env: gym.Env[Any, Any]) -> GoalLayout | None:
    """Where the goals of an environment of the usual form lie; None for any other, and beside images."""
    space = (env.env if isinstance(env, AdaptedObservation) else env).observation_space
    if not isinstance(space, spaces.Dict) or isinstance(env.observation_space, Packed):
        return None
    if not {ACHIEVED, DESIRED} <= space.keys() or not env.has_wrapper_attr("compute_reward"):
        return None
    goal = space[DESIRED]
    if not isinstance(goal, spaces.Box | spaces.MultiBinary) or space[ACHIEVED].shape != goal.shape:
        return None
    place, start = {}, 0
    for name, part in space.items():
        place[name] = slice(start, start + spaces.flatdim(part))
        start = place[name].stop
    return GoalLayout(place[ACHIEVED], place[DESIRED], goal)


class GoalReward:
    """What an environment's own ``compute_reward`` says of goals, on tensors.

    It is asked of a copy that is never stepped, made when it is first needed, for all goals at once where that gives
    what one after the other gives. Whether an episode has ended says ``compute_terminated``; where there is none it is
    left as it was.

    Args:
        make: makes the copy.
        goal: the space of a goal.
    """

    def __init__(self, make: Callable[[], gym.Env[Any, Any]], goal: spaces.Box | spaces.MultiBinary):
        self._make, self._goal = make, goal
        self._env: gym.Env[Any, Any] | None = None
        self._by_rows: dict[str, bool] = {}

    def __call__(self, achieved_BG: Tensor, desired_BG: Tensor) -> tuple[Tensor, Tensor | None]:
        """Rewards (B,) float32 and ends (B,) bool, or None, of goals (B, G)."""
        if self._env is None:
            self._env = self._make()
        goals = self._native(achieved_BG), self._native(desired_BG)
        reward_B = self._asked("compute_reward", *goals, np.float32)
        if not np.isfinite(reward_B).all():
            bad = int(np.flatnonzero(~np.isfinite(reward_B))[0])
            raise PalestraError(
                f"compute_reward of {self._env.unwrapped} gave {reward_B[bad]} for achieved={goals[0][bad]},"
                f" desired={goals[1][bad]}; expected a finite number"
            )
        terminated = None
        if self._env.has_wrapper_attr("compute_terminated"):
            terminated = torch.from_numpy(self._asked("compute_terminated", *goals, np.bool_))
        device = achieved_BG.device
        return torch.from_numpy(reward_B).to(device), None if terminated is None else terminated.to(device)

    def close(self) -> None:
        """Release the copy."""
        if self._env is not None:
            self._env.close()
            self._env = None

    def _native(self, goal_BG: Tensor) -> NDArray[Any]:
        """Goals (B, G) as the environment has them, (B, *shape)."""
        return goal_BG.cpu().numpy().reshape(-1, *self._goal.shape).astype(self._goal.dtype)

    def _asked(self, name: str, achieved: NDArray[Any], desired: NDArray[Any], dtype: type[Any]) -> NDArray[Any]:
        """(B,) what a method says of goals."""
        assert self._env is not None
        method = self._env.get_wrapper_attr(name)
        try:
            if name not in self._by_rows:
                self._by_rows[name] = not self._takes_many(method)
            if self._by_rows[name]:
                said = _one_by_one(method, achieved, desired)
            else:
                said = np.asarray(method(achieved, desired, [{}] * len(achieved)))
            return said.astype(dtype)
        except Exception as error:  # of the environment's own
            raise PalestraError(
                f"{name} of {self._env.unwrapped} failed: {type(error).__name__}: {error}; expected it to take goals of"
                f" {self._goal} and an empty info"
            ) from error

    def _takes_many(self, method: Callable[..., Any]) -> bool:
        """Whether a method says of some goals together what it says of each alone."""
        space = deepcopy(self._goal)
        space.seed(0)
        achieved, desired = (np.stack([space.sample() for _ in range(4)]) for _ in range(2))
        achieved[0] = desired[0]
        alone = _one_by_one(method, achieved, desired)
        try:
            together = np.asarray(method(achieved, desired, [{}] * len(achieved)))
        except Exception:  # it takes one goal at a time
            return False
        return together.shape == alone.shape and bool(np.allclose(together, alone, rtol=1e-4, atol=1e-6))


def _one_by_one(method: Callable[..., Any], achieved: NDArray[Any], desired: NDArray[Any]) -> NDArray[Any]:
    return np.array([np.asarray(method(*goals, {})).item() for goals in zip(achieved, desired, strict=True)])
