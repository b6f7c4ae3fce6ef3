"""palestra/PlanarQuadrotor-v0: two rotors on a beam, to be caught in any attitude and held at a place.

With thrust t (both rotors together), torque q (their difference times the arm), mass m and moment I,

    x'' = -t sin(angle) / m,   z'' = t cos(angle) / m - g,   angle'' = q / I

with the angle in closed form, and speeds and places by Simpson's rule. A rotor pushes along the beam's own upward
direction alone, from nothing to the whole weight; an action of 0 is what holds the beam in the air. It is
underactuated: to move aside it has to lean. Both forms are here: the batched one, and Gymnasium's, in float64, with
places as complex numbers.
"""

import cmath
import math
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.dynamics import Dynamics

GRAVITY = 9.81
MASS, MOMENT, ARM = 1.0, 0.05, 0.25
"""kg, kg m^2, and m from the middle to a rotor."""
HOVER = MASS * GRAVITY / 2
"""N of a rotor that carries half the weight."""
SECONDS = 0.05
SUBSTEPS = 2
COST = (1.0, 1.0, 0.1, 0.1, 0.1, 0.01)
"""Of the squares of places, of 1 - cos(angle), of speeds, of the spin and of the actions, a second."""
_HIGH = np.array([np.inf, np.inf, 1.0, 1.0, np.inf, np.inf, np.inf], np.float32)
OBSERVATION_SPACE = spaces.Box(-_HIGH, _HIGH)
ACTION_SPACE = spaces.Box(-1.0, 1.0, (2,))


def dynamics(state: Tensor, control: Tensor) -> Tensor:
    """One step on of (num_envs, 6): x, z (m), angle (rad), their speeds; control (num_envs, 2) from -1 to 1.

    The right rotor is the second; a beam whose angle grows turns to the left.
    """
    left, right = (HOVER * (1 + control)).unbind(1)
    thrust, turning, h = (left + right) / MASS, (right - left) * ARM / MOMENT, SECONDS / SUBSTEPS
    x, z, angle, across, up, spin = state.unbind(1)
    for _ in range(SUBSTEPS):
        half, whole = (angle + spin * t + turning * t**2 / 2 for t in (h / 2, h))
        aside = [-thrust * each.sin() for each in (angle, half, whole)]
        lift = [thrust * each.cos() - GRAVITY for each in (angle, half, whole)]
        x = x + across * h + (aside[0] + 2 * aside[1]) * h**2 / 6
        z = z + up * h + (lift[0] + 2 * lift[1]) * h**2 / 6
        across = across + (aside[0] + 4 * aside[1] + aside[2]) * h / 6
        up = up + (lift[0] + 4 * lift[1] + lift[2]) * h / 6
        angle, spin = whole, spin + turning * h
    return torch.stack((x, z, angle, across, up, spin), 1)


def cost(state: Tensor, control: Tensor) -> Tensor:
    """(num_envs,) of a step: far from the place, leaning, moving, turning, or pushing other than to hover."""
    x, z, angle, across, up, spin = state.unbind(1)
    squares = (x.square(), z.square(), 1 - angle.cos(), across.square() + up.square(), spin.square())
    parts = (*squares, control.square().sum(1))
    return SECONDS * torch.stack([weight * part for weight, part in zip(COST, parts, strict=True)]).sum(0)


class PlanarQuadrotor(Dynamics):
    """Observes places, cosine and sine of the angle, and speeds; never terminates; 100 steps."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE
    draws_at_starts_alone = True
    max_episode_steps = 100
    state_names, angles = ("x", "z", "angle", "across", "up", "spin"), (2,)

    def initial_state(self, num: int) -> Tensor:
        """Within a metre of the place, in any attitude, drifting and turning by up to 1."""
        state = torch.empty(num, 6, device=self.device).uniform_(-1.0, 1.0, generator=self.generator)
        state[:, 2] *= math.pi
        return state

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step, paid for where it leads; see :func:`dynamics` and :func:`cost`."""
        control = action.clamp(-1.0, 1.0)
        state = dynamics(state, control)
        return state, -cost(state, control), self.never

    def observe(self, state: Tensor) -> Tensor:
        """(num_envs, 7): places, cosine and sine of the angle, and the three speeds."""
        x, z, angle, *speeds = state.unbind(1)
        return torch.stack((x, z, angle.cos(), angle.sin(), *speeds), 1)

    def state_from(self, obs: Tensor) -> Tensor:
        """(B, 6): the angle of a cosine and a sine, and the rest as it is."""
        x, z, cos, sin, *speeds = obs.unbind(1)
        return torch.stack((x, z, torch.atan2(sin, cos), *speeds), 1)


class PlanarQuadrotorEnv(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Gymnasium's form: the place is x + i z, and a thrust points along i exp(i angle)."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Within a metre of the place, in any attitude, drifting and turning by up to 1."""
        super().reset(seed=seed)
        self.state = self.np_random.uniform(-1.0, 1.0, 6) * (1, 1, math.pi, 1, 1, 1)
        return self._shown(), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One step of :class:`PlanarQuadrotor`; the spin grows evenly, and places by Runge and Kutta."""
        left, right = (min(max(float(each), -1.0), 1.0) for each in action)
        thrust, turning = HOVER * (2 + left + right) / MASS, HOVER * (right - left) * ARM / MOMENT
        x, z, angle, across, up, spin = np.asarray(self.state, np.float64).tolist()
        place, speed, h = complex(x, z), complex(across, up), SECONDS / SUBSTEPS
        for _ in range(SUBSTEPS):
            half, whole = (angle + spin * t + turning * t**2 / 2 for t in (h / 2, h))
            begins, middle, ends = (1j * (thrust * cmath.exp(1j * each) - GRAVITY) for each in (angle, half, whole))
            place += speed * h + (begins + 2 * middle) * h**2 / 6
            speed += (begins + 4 * middle + ends) * h / 6
            angle, spin = whole, spin + turning * h
        self.state = np.array((place.real, place.imag, angle, speed.real, speed.imag, spin))
        parts = (place.real**2, place.imag**2, 1 - math.cos(angle), abs(speed) ** 2, spin**2, left**2 + right**2)
        return self._shown(), -SECONDS * sum(w * part for w, part in zip(COST, parts)), False, False, {}

    def _shown(self) -> NDArray[np.float32]:
        x, z, angle, *speeds = np.asarray(self.state)
        return np.array((x, z, math.cos(angle), math.sin(angle), *speeds), np.float32)
