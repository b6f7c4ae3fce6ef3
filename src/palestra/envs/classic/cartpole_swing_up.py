"""palestra/CartPoleSwingUp-v0: a pole hangs from a cart, to be swung up and held by pushing the cart.

The task ``cartpole-swingup`` of dm_control (Tassa et al. 2018): its masses, lengths, starts and reward, with the
equations of motion of Florian 2007 for a thin rod, in Runge-Kutta steps of the fourth order. Ours are steps of 0.04 s
in the place of 0.01, a rail without ends, and no damping (theirs is 5e-4 of the cart, 2e-6 of the pole). An episode is
10 s as theirs, so 250 steps, and pays at most 1 a step. Both forms are here: the batched one, and Gymnasium's, in
float64, with the equations in another form, and drawn by its CartPole.
"""

import math
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.dynamics import Dynamics
from palestra.ops.runge_kutta import runge_kutta

GRAVITY = 9.81
CART_MASS = 1.0
POLE_MASS = 0.1
TOTAL_MASS = CART_MASS + POLE_MASS
HALF_LENGTH = 0.5
FORCE = 10.0
SECONDS = 0.04
SUBSTEPS = 2
MOMENT = POLE_MASS * HALF_LENGTH
FALLOFF = math.log(0.1)
"""A tolerance of dm_control falls to a tenth at its margin, as a Gaussian does."""
SPREAD = 0.01
"""Standard deviation of every number in which an episode begins."""
_HIGH = np.array([np.inf, 1.0, 1.0, np.inf, np.inf], np.float32)
OBSERVATION_SPACE = spaces.Box(-_HIGH, _HIGH)
ACTION_SPACE = spaces.Box(-1.0, 1.0, (1,))


def dynamics(state: Tensor, control: Tensor) -> Tensor:
    """Cart position, cart velocity, angle from upright and its velocity (num_envs, 4) one step on (m, m/s, rad, rad/s).

    ``control`` (num_envs,) is the force, from -1 to 1 of 10 N, held for the step. With k = m l / M:

        push = force / M + k w^2 sin(angle)
        angle'' = (g sin(angle) - cos(angle) push) / (4/3 l - k cos(angle)^2)
        x'' = push - k angle'' cos(angle)
    """
    force, k = FORCE / TOTAL_MASS * control, MOMENT / TOTAL_MASS

    def change(at: Tensor) -> Tensor:
        _, velocity, angle, spin = at.unbind(1)
        sin, cos = angle.sin(), angle.cos()
        push = force + k * spin.square() * sin
        turning = (GRAVITY * sin - cos * push) / (4 / 3 * HALF_LENGTH - k * cos.square())
        return torch.stack((velocity, push - k * turning * cos, spin, turning), 1)

    return runge_kutta(change, state, SECONDS, SUBSTEPS)


def paid(state: Tensor, control: Tensor) -> Tensor:
    """(num_envs,) dm_control's reward, from 0 to 1: upright, in the middle, with little control and little spin."""
    position, _, angle, spin = state.unbind(1)
    upright = (angle.cos() + 1) / 2
    centred = (1 + (FALLOFF * (position / 2).square()).exp()) / 2
    small_control = (5 - control.square()) / 5
    small_spin = (1 + (FALLOFF * (spin / 5).square()).exp()) / 2
    return upright * centred * small_control * small_spin


class CartPoleSwingUp(Dynamics):
    """Observes position, cosine and sine of the angle, and both velocities; never terminates; 250 steps."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE
    max_episode_steps = 250
    draws_at_starts_alone = True
    state_names, angles = ("position", "velocity", "angle", "spin"), (2,)

    def initial_state(self, num: int) -> Tensor:
        """Hanging, nearly at rest in the middle: every number is normal, with a deviation of 0.01."""
        state = SPREAD * torch.randn(num, 4, generator=self.generator, device=self.device)
        state[:, 2] += math.pi
        return state

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step, paid for where it leads; see :func:`dynamics` and :func:`paid`."""
        control = action.squeeze(1).clamp(-1.0, 1.0)
        state = dynamics(state, control)
        return state, paid(state, control), self.never

    def observe(self, state: Tensor) -> Tensor:
        """(num_envs, 5): position, cosine and sine of the angle, and both velocities."""
        position, velocity, angle, spin = state.unbind(1)
        return torch.stack((position, angle.cos(), angle.sin(), velocity, spin), 1)

    def state_from(self, obs: Tensor) -> Tensor:
        """(B, 4): the angle of a cosine and a sine, and the rest as it is."""
        position, cos, sin, velocity, spin = obs.unbind(1)
        return torch.stack((position, velocity, torch.atan2(sin, cos), spin), 1)


class CartPoleSwingUpEnv(CartPoleEnv):
    """Gymnasium's form: the equations of Lagrange, solved for both accelerations at once."""

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 25}  # noqa: RUF012 - Gymnasium's own form

    def __init__(self, render_mode: str | None = None) -> None:
        """``render_mode`` as of CartPole."""
        super().__init__(render_mode=render_mode)
        self.observation_space, self.action_space = OBSERVATION_SPACE, ACTION_SPACE
        self.x_threshold = 3.0  # of the picture: a metre is 100 pixels, so that the hanging pole is in it

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Hanging, nearly at rest in the middle."""
        super().reset(seed=seed)
        self.state = self.np_random.normal((0.0, 0.0, math.pi, 0.0), SPREAD)
        return self._shown(), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One step of :class:`CartPoleSwingUp`."""
        control = min(max(float(action[0]), -1.0), 1.0)
        at, length = tuple(np.asarray(self.state, np.float64).tolist()), SECONDS / SUBSTEPS
        for _ in range(SUBSTEPS):
            k_1 = _change(at, control)
            k_2 = _change(_moved(at, length / 2, k_1), control)
            k_3 = _change(_moved(at, length / 2, k_2), control)
            k_4 = _change(_moved(at, length, k_3), control)
            at = tuple(x + length / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip(at, k_1, k_2, k_3, k_4))
        self.state = np.array(at)
        position, _, angle, spin = at
        small = [(1 + math.exp(FALLOFF * share**2)) / 2 for share in (position / 2, spin / 5)]
        reward = (math.cos(angle) + 1) / 2 * small[0] * small[1] * (5 - control**2) / 5
        return self._shown(), reward, False, False, {}

    def _shown(self) -> NDArray[np.float32]:
        position, velocity, angle, spin = np.asarray(self.state)
        return np.array((position, math.cos(angle), math.sin(angle), velocity, spin), np.float32)


def _change(at: tuple[float, ...], control: float) -> tuple[float, ...]:
    """How fast each number of the state changes: [[M, m l cos], [m l cos, 4/3 m l^2]] (x'', angle'') = forces."""
    _, velocity, angle, spin = at
    sin, cos = math.sin(angle), math.cos(angle)
    together, turned = MOMENT * cos, 4 / 3 * MOMENT * HALF_LENGTH
    pushed, pulled = FORCE * control + MOMENT * spin**2 * sin, MOMENT * GRAVITY * sin
    determinant = TOTAL_MASS * turned - together**2
    across = (turned * pushed - together * pulled) / determinant
    return velocity, across, spin, (TOTAL_MASS * pulled - together * pushed) / determinant


def _moved(at: tuple[float, ...], length: float, change: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(x + length * rate for x, rate in zip(at, change))
