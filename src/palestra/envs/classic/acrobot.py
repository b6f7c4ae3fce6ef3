"""Acrobot-v1 as tensor maths: two links hanging from a pivot, driven at the joint between them.

Sutton 1996, with the equations of Sutton and Barto's book (Gymnasium's ``book_or_nips = "book"``). Both links have
length 1 m, mass 1 kg, centre of mass at their middle and moment of inertia 1 kg m^2.
"""

import math

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.dynamics import Dynamics
from palestra.ops.runge_kutta import runge_kutta

GRAVITY = 9.8
SECONDS = 0.2
MAX_VELOCITY_1 = 4 * math.pi
MAX_VELOCITY_2 = 9 * math.pi


def derivative(state: Tensor, torque: Tensor) -> Tensor:
    """The rate of change (4, num_envs) of both angles and angular velocities (4, num_envs)."""
    angle_1, angle_2, velocity_1, velocity_2 = state.unbind(0)
    sin_2, cos_2 = angle_2.sin(), angle_2.cos()
    d_1 = 3.5 + cos_2
    d_2 = 1.25 + 0.5 * cos_2
    phi_2 = 0.5 * GRAVITY * (angle_1 + angle_2).sin()
    phi_1 = -0.5 * sin_2 * velocity_2 * (velocity_2 + 2 * velocity_1) + 1.5 * GRAVITY * angle_1.sin() + phi_2
    ratio = d_2 / d_1
    acceleration_2 = (torque + ratio * phi_1 - 0.5 * velocity_1.square() * sin_2 - phi_2) / (1.25 - d_2 * ratio)
    acceleration_1 = -(d_2 * acceleration_2 + phi_1) / d_1
    return torch.stack((velocity_1, velocity_2, acceleration_1, acceleration_2))


def dynamics(state: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
    """One fourth-order Runge-Kutta step of both angles (rad) and angular velocities (rad/s).

    ``state`` is (num_envs, 4), ``action`` (num_envs,) int64: torque -1, 0 or 1 N m. Returns the next state and
    terminated (num_envs,) bool: the tip is more than one link above the pivot.
    """
    start, torque = state.t(), action - 1
    end = runge_kutta(lambda at: derivative(at, torque), start, SECONDS)
    angles = torch.remainder(end[:2] + math.pi, 2 * math.pi) - math.pi
    velocity_1 = end[2].clamp(-MAX_VELOCITY_1, MAX_VELOCITY_1)
    velocity_2 = end[3].clamp(-MAX_VELOCITY_2, MAX_VELOCITY_2)
    angle_1, angle_2 = angles.unbind(0)
    terminated = -angle_1.cos() - (angle_1 + angle_2).cos() > 1.0
    return torch.stack((angle_1, angle_2, velocity_1, velocity_2), 1), terminated


class Acrobot(Dynamics):
    """Acrobot-v1: reward -1 until the tip is high enough, 0 on the step that brings it there; 500 steps at most."""

    observation_space = spaces.Box(
        -np.array([1.0, 1.0, 1.0, 1.0, MAX_VELOCITY_1, MAX_VELOCITY_2], np.float32),
        np.array([1.0, 1.0, 1.0, 1.0, MAX_VELOCITY_1, MAX_VELOCITY_2], np.float32),
    )
    action_space = spaces.Discrete(3)
    max_episode_steps = 500
    draws_at_starts_alone = True

    def initial_state(self, num: int) -> Tensor:
        """Hanging down, every component uniform within 0.1 of zero."""
        return torch.empty(num, 4, device=self.device).uniform_(-0.1, 0.1, generator=self.generator)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step; see :func:`dynamics`."""
        state, terminated = dynamics(state, action)
        return state, terminated.float() - 1.0, terminated

    def observe(self, state: Tensor) -> Tensor:
        """(num_envs, 6): cosine and sine of each angle, and both velocities."""
        angle_1, angle_2, velocity_1, velocity_2 = state.unbind(1)
        columns = (angle_1.cos(), angle_1.sin(), angle_2.cos(), angle_2.sin(), velocity_1, velocity_2)
        return torch.stack(columns, 1)

    def state_from(self, obs: Tensor) -> Tensor:
        """(B, 4): the angles of cosines and sines, and both velocities."""
        cos_1, sin_1, cos_2, sin_2, *velocities = obs.unbind(1)
        return torch.stack((torch.atan2(sin_1, cos_1), torch.atan2(sin_2, cos_2), *velocities), 1)
