"""Pendulum-v1 as tensor maths: a pendulum to be swung up and held with a torque too weak to lift it at once.

The equations of Gymnasium's ``PendulumEnv`` with mass 1 kg, length 1 m and g = 10 m/s^2.
"""

import math

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.dynamics import Dynamics

GRAVITY = 10.0
SECONDS = 0.05
MAX_SPEED = 8.0
MAX_TORQUE = 2.0


def dynamics(state: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
    """One step of angle from upright (rad) and angular velocity (rad/s): semi-implicit Euler.

    ``state`` is (num_envs, 2), ``action`` (num_envs, 1): the torque in N m. Returns the next state and the reward
    (num_envs,): minus (angle^2 + 0.1 velocity^2 + 0.001 torque^2), with the angle in [-pi, pi).
    """
    angle, velocity = state.unbind(1)
    torque = action.squeeze(1).clamp(-MAX_TORQUE, MAX_TORQUE)
    # wrapped in the state as well: float32 would lose the digits of an angle of many turns
    angle = torch.remainder(angle + math.pi, 2 * math.pi) - math.pi
    cost = angle.square() + 0.1 * velocity.square() + 0.001 * torque.square()
    velocity = velocity + (1.5 * GRAVITY * angle.sin() + 3.0 * torque) * SECONDS
    velocity = velocity.clamp(-MAX_SPEED, MAX_SPEED)
    return torch.stack((angle + velocity * SECONDS, velocity), 1), -cost


class Pendulum(Dynamics):
    """Pendulum-v1: observes cosine and sine of the angle and the velocity; never terminates; 200 steps."""

    observation_space = spaces.Box(
        -np.array([1.0, 1.0, MAX_SPEED], np.float32), np.array([1.0, 1.0, MAX_SPEED], np.float32)
    )
    action_space = spaces.Box(-MAX_TORQUE, MAX_TORQUE, (1,), np.float32)
    max_episode_steps = 200
    draws_at_starts_alone = True
    state_names, angles = ("angle", "velocity"), (0,)

    def initial_state(self, num: int) -> Tensor:
        """Any angle, velocity within 1 rad/s, both uniform."""
        state = torch.empty(num, 2, device=self.device).uniform_(-1.0, 1.0, generator=self.generator)
        state[:, 0] *= math.pi
        return state

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step; see :func:`dynamics`."""
        state, reward = dynamics(state, action)
        return state, reward, self.never

    def observe(self, state: Tensor) -> Tensor:
        """(num_envs, 3): cosine and sine of the angle, and the velocity."""
        angle, velocity = state.unbind(1)
        return torch.stack((angle.cos(), angle.sin(), velocity), 1)

    def state_from(self, obs: Tensor) -> Tensor:
        """(B, 2): the angle of a cosine and a sine, and the velocity."""
        return torch.stack((torch.atan2(obs[:, 1], obs[:, 0]), obs[:, 2]), 1)
