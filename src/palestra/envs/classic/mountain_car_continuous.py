"""MountainCarContinuous-v0 as tensor maths: the car of MountainCar with a throttle, and effort that costs.

Moore 1990; equations of Gymnasium's ``Continuous_MountainCarEnv``.
"""

import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.classic.mountain_car import OBSERVATION_SPACE, roll
from palestra.envs.dynamics import Dynamics

ENGINE = 0.0015
GOAL_POSITION = 0.45


def dynamics(state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One step of position and velocity.

    ``state`` is (num_envs, 2), ``action`` (num_envs, 1): the throttle, from -1 to 1. Returns the next state, the reward
    (num_envs,): 100 at the goal, less 0.1 throttle^2, and terminated (num_envs,) bool.
    """
    throttle = action.squeeze(1)
    position, velocity = roll(state, throttle.clamp(-1.0, 1.0), ENGINE)
    terminated = (position >= GOAL_POSITION) & (velocity >= 0)
    return torch.stack((position, velocity), 1), 100.0 * terminated - 0.1 * throttle.square(), terminated


class MountainCarContinuous(Dynamics):
    """MountainCarContinuous-v0: 999 steps at most."""

    observation_space = OBSERVATION_SPACE
    action_space = spaces.Box(-1.0, 1.0, (1,))
    max_episode_steps = 999
    draws_at_starts_alone = True
    state_names = ("position", "velocity")

    def initial_state(self, num: int) -> Tensor:
        """At rest, position uniform in [-0.6, -0.4)."""
        state = torch.zeros(num, 2, device=self.device)
        state[:, 0].uniform_(-0.6, -0.4, generator=self.generator)
        return state

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step; see :func:`dynamics`."""
        return dynamics(state, action)
