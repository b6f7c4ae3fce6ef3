"""MountainCar-v0 as tensor maths: a car in a valley, too weak to climb out without swinging.

Moore 1990; equations of Gymnasium's ``MountainCarEnv``.
"""

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.dynamics import Dynamics

ENGINE = 0.001
GRAVITY = 0.0025
MIN_POSITION = -1.2
MAX_POSITION = 0.6
MAX_SPEED = 0.07
GOAL_POSITION = 0.5
OBSERVATION_SPACE = spaces.Box(
    np.array([MIN_POSITION, -MAX_SPEED], np.float32), np.array([MAX_POSITION, MAX_SPEED], np.float32)
)


def roll(state: Tensor, throttle: Tensor, engine: float) -> tuple[Tensor, Tensor]:
    """Position and velocity (num_envs,) one step on, with a throttle (num_envs,) from -1 to 1.

    The wall on the left stops the car.
    """
    position, velocity = state.unbind(1)
    velocity = torch.add(velocity, throttle, alpha=engine) - GRAVITY * (3 * position).cos()
    velocity = velocity.clamp(-MAX_SPEED, MAX_SPEED)
    position = (position + velocity).clamp(MIN_POSITION, MAX_POSITION)
    at_wall = (position <= MIN_POSITION) & (velocity < 0)
    return position, velocity.masked_fill(at_wall, 0.0)


def dynamics(state: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
    """One step of position and velocity.

    ``state`` is (num_envs, 2), ``action`` (num_envs,) int64: 0 pushes left, 1 not, 2 right. Returns the next state and
    terminated (num_envs,) bool: the car is at the goal and does not roll back.
    """
    position, velocity = roll(state, action - 1, ENGINE)
    return torch.stack((position, velocity), 1), (position >= GOAL_POSITION) & (velocity >= 0)


class MountainCar(Dynamics):
    """MountainCar-v0: reward -1 on every step; 200 steps at most."""

    observation_space = OBSERVATION_SPACE
    action_space = spaces.Discrete(3)
    max_episode_steps = 200
    draws_at_starts_alone = True

    def initial_state(self, num: int) -> Tensor:
        """At rest, position uniform in [-0.6, -0.4)."""
        state = torch.zeros(num, 2, device=self.device)
        state[:, 0].uniform_(-0.6, -0.4, generator=self.generator)
        return state

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step; see :func:`dynamics`."""
        state, terminated = dynamics(state, action)
        return state, torch.full((self.num_envs,), -1.0, device=self.device), terminated
