"""palestra/TMaze-v0: a sign at the start of a corridor tells which way to turn at its end (Bakker 2002, section 5).

    o _ _ _ _ _ _ _ _ _ T      The sign is seen at the start alone, the corridor looks alike everywhere, and so does the
                                junction whatever the sign was. Actions go north, east, south and west.

Turning the right way pays 1 and the wrong way nothing; both end the episode. Walking into a wall costs 0.1. So a return
is whether the turn was right, less what was walked into. Bakker pays 4 and -0.1 for the turns; his signs, his actions
and his walls are these.

The best that there is makes 1. Whoever acts by the present observation alone makes 0.5 at most: at the junction it
turns north with one probability p whatever the sign, signs are as often north as south, and p / 2 + (1 - p) / 2 = 1/2.
Both forms are here: the batched one, and Gymnasium's.
"""

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.dynamics import Dynamics
from palestra.envs.finite.dynamics import time_limit_of
from palestra.errors import UsageError, require

T_MAZE = "palestra/TMaze-v0"
LENGTH = 10
"""Steps from the start to the junction."""
MAX_EPISODE_STEPS = 200
SETTINGS = ("length", "max_episode_steps")
"""What the maze can be told."""
NORTH, EAST, SOUTH, WEST = range(4)
WALL = 0.1
"""What walking into one costs."""
BEST, WITHOUT_MEMORY = 1.0, 0.5
"""Mean returns of the best that there is, and of the best that remembers nothing."""
SIGHTS = ((0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 1.0), (0.0, 1.0, 0.0))
"""A sign to the north, one to the south, the corridor, the junction."""
OBSERVATION_SPACE = spaces.Box(0.0, 1.0, (3,), np.float32)


class TMaze(Dynamics):
    """Observes three numbers; the state is the sign (0 north, 1 south) and the steps from the start.

    Args:
        num_envs: copies.
        device: where they are.
        length: of the corridor.
        max_episode_steps: the time limit, None for none.
    """

    observation_space = OBSERVATION_SPACE
    action_space = spaces.Discrete(4)
    draws_at_starts_alone = True
    max_episode_steps = MAX_EPISODE_STEPS

    def __init__(
        self, num_envs: int, device: str | torch.device = "cpu", length: int = LENGTH,
        max_episode_steps: int | None = MAX_EPISODE_STEPS,
    ) -> None:  # fmt: skip
        super().__init__(num_envs, device)
        self.length = _checked(length)
        self.max_episode_steps = max_episode_steps  # type: ignore[assignment]
        with torch.inference_mode(False):
            self._sights = torch.tensor(SIGHTS, device=self.device)

    def initial_state(self, num: int) -> Tensor:
        """At the start, before a sign that is either with the same probability."""
        sign = torch.randint(2, (num,), device=self.device, generator=self.generator)
        return torch.stack((sign, torch.zeros_like(sign)), 1)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step."""
        sign, place = state.unbind(1)
        turned = (place == self.length) & (action != EAST) & (action != WEST)
        right = turned & (action == NORTH + (SOUTH - NORTH) * sign)
        there = (place + (action == EAST).long() - (action == WEST).long()).clamp(0, self.length)
        reward = right.float() - WALL * (~turned & (there == place))
        return torch.stack((sign, there), 1), reward, turned

    def observe(self, state: Tensor) -> Tensor:
        """(num_envs, 3): the sign at the start, and what the corridor and the junction look like."""
        sign, place = state.unbind(1)
        inside = torch.where(place == self.length, 3, 2)
        return self._sights[torch.where(place == 0, sign, inside)]

    def resized(self, num_envs: int) -> "TMaze":
        """A maze as long, for another number of copies."""
        return TMaze(num_envs, self.device, self.length, self.max_episode_steps)


class TMazeEnv(gym.Env[NDArray[np.float32], np.int64]):
    """Gymnasium's form."""

    observation_space = OBSERVATION_SPACE
    action_space = TMaze.action_space

    def __init__(self, length: int = LENGTH) -> None:
        """For a corridor of so many steps."""
        self.length = _checked(length)
        self.sign = self.place = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """At the start, before a sign."""
        super().reset(seed=seed)
        self.sign, self.place = int(self.np_random.integers(2)), 0
        return self._seen(), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One step of :class:`TMaze`."""
        if self.place == self.length and action in (NORTH, SOUTH):
            return self._seen(), float(action == (NORTH, SOUTH)[self.sign]), True, False, {}
        before = self.place
        self.place = min(max(before + {EAST: 1, WEST: -1}.get(int(action), 0), 0), self.length)
        return self._seen(), -WALL * (self.place == before), False, False, {}

    def _seen(self) -> NDArray[np.float32]:
        sight = self.sign if self.place == 0 else 3 if self.place == self.length else 2
        return np.array(SIGHTS[sight], np.float32)


def _checked(length: int) -> int:
    require(isinstance(length, int) and length >= 1, f"length={length}", "a corridor of at least 1 step")
    return length


def is_maze(env_id: str, env_kwargs: Mapping[str, Any]) -> bool:
    """Whether an environment with these settings is a maze that can be played in batches."""
    return env_id == T_MAZE and all(name in SETTINGS for name in env_kwargs)


def make_t_maze_vec(
    num_envs: int, device: str | torch.device = "cpu", env_kwargs: Mapping[str, Any] | None = None
) -> TorchVectorEnv:
    """So many copies of a maze. Raises UsageError for a setting that it has not."""
    settings = dict(env_kwargs or {})
    if not is_maze(T_MAZE, settings):
        raise UsageError(f"{T_MAZE} with {settings}; expected settings among {', '.join(SETTINGS)}")
    length = settings.get("length", LENGTH)
    return TorchVectorEnv(TMaze(num_envs, device, length, time_limit_of(T_MAZE, settings)))
