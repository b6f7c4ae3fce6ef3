"""CartPole-v1 as tensor maths: a pole on a cart, pushed left or right, to be kept upright.

Barto, Sutton and Anderson 1983, with the equations of motion of Florian 2007, as in Gymnasium's ``CartPoleEnv``.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.dynamics import Dynamics

GRAVITY = 9.8
POLE_MASS = 0.1
TOTAL_MASS = 1.1
HALF_LENGTH = 0.5
FORCE = 10.0
SECONDS = 0.02
POSITION_LIMIT = 2.4
ANGLE_LIMIT = 12 * 2 * math.pi / 360


class Constants(NamedTuple):
    """The numbers in the equations as tensors: a tensor operand costs half of what a Python number costs.

    With k = pole mass x half length / total mass, the equations are divided by k, which leaves fewer operations.
    """

    push: Tensor
    """(2,): force / (total mass x k) of each action."""
    gravity: Tensor
    """(): -g / k."""
    inertia: Tensor
    """(): -(4/3 half length) / k."""
    rate: Tensor
    """(num_envs, 4): seconds per step, for each component in its units."""
    limit: Tensor
    """(num_envs, 4): the size beyond which a component ends the episode."""


def constants(num_envs: int, device: torch.device, dtype: torch.dtype = torch.float32) -> Constants:
    """The constants for a batch, repeated where that spares the operations a broadcast."""
    k = POLE_MASS * HALF_LENGTH / TOTAL_MASS
    push = FORCE / (TOTAL_MASS * k)
    values = (
        [-push, push],
        -GRAVITY / k,
        -HALF_LENGTH * 4 / 3 / k,
        [[SECONDS, SECONDS * k, SECONDS, SECONDS]] * num_envs,
        [[POSITION_LIMIT, math.inf, ANGLE_LIMIT, math.inf]] * num_envs,
    )
    with torch.inference_mode(False):
        return Constants(*(torch.tensor(value, dtype=dtype, device=device) for value in values))


def dynamics(state: Tensor, action: Tensor, c: Constants) -> tuple[Tensor, Tensor]:
    """One Euler step of cart position, cart velocity, pole angle and pole angular velocity (m, m/s, rad, rad/s).

    ``state`` is (num_envs, 4), ``action`` (num_envs,) int64: 0 pushes left, 1 right. Returns the next state and
    terminated (num_envs,) bool: the cart is beyond 2.4 m or the pole beyond 12 degrees.

        push_ = push + w^2 sin(angle)
        angle'' = (g sin(angle) - cos(angle) push_) / (4/3 l - cos(angle)^2)
        x'' = push_ - cos(angle) angle''
    """
    _, velocity, angle, spin = state.unbind(1)
    sin, cos = angle.sin(), angle.cos()
    push = torch.addcmul(c.push.index_select(0, action), spin * spin, sin)
    spin_rate = torch.addcmul(sin * c.gravity, cos, push) / torch.addcmul(c.inertia, cos, cos)
    velocity_rate = push - cos * spin_rate
    change = torch.stack((velocity, velocity_rate, spin, spin_rate), 1)
    state = torch.addcmul(state, change, c.rate)
    return state, (state.abs() > c.limit).any(1)


class CartPole(Dynamics):
    """CartPole-v1: reward 1 on every step, the last one included; 500 steps at most."""

    observation_space = spaces.Box(
        -np.array([2 * POSITION_LIMIT, np.inf, 2 * ANGLE_LIMIT, np.inf], np.float32),
        np.array([2 * POSITION_LIMIT, np.inf, 2 * ANGLE_LIMIT, np.inf], np.float32),
    )
    action_space = spaces.Discrete(2)
    max_episode_steps = 500
    draws_at_starts_alone = True

    def __init__(self, num_envs: int, device: str | torch.device = "cpu") -> None:
        super().__init__(num_envs, device)
        self._constants = constants(num_envs, self.device)
        with torch.inference_mode(False):
            self._reward = torch.ones(num_envs, device=self.device)

    def initial_state(self, num: int) -> Tensor:
        """Every component uniform within 0.05 of zero."""
        return torch.empty(num, 4, device=self.device).uniform_(-0.05, 0.05, generator=self.generator)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step; see :func:`dynamics`."""
        state, terminated = dynamics(state, action, self._constants)
        return state, self._reward, terminated
