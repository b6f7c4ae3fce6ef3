"""palestra/DoublePendulum-v0: two rods hang one from the other, to be swung up and held by weak motors at both joints.

With angles p, q of two thin rods of 1 m and 1 kg from upright and torques u at the shoulder, v at the elbow,

    [4/3, cos(p - q)/2] [p'']   [u - v - sin(p - q) q'^2 / 2 + 3/2 g sin p]
    [cos(p - q)/2, 1/3] [q''] = [v     + sin(p - q) p'^2 / 2 + 1/2 g sin q]

in Runge-Kutta steps of the fourth order. Either motor gives 6 N m; to hold both rods out takes 20. An episode pays at
most 1 a step. Both forms are here: the batched one, and Gymnasium's, in float64, by masses at the ends and middles of
its rods.
"""

import math
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.dynamics import Dynamics
from palestra.ops.runge_kutta import runge_kutta

GRAVITY = 9.81
TORQUE = 6.0
SECONDS = 0.05
SUBSTEPS = 5
CALM = 5.0
"""rad/s of both spins together (root of the sum of squares) at which the pay falls to half and a tenth."""
FALLOFF = math.log(0.1)
SPREAD = 0.01
"""Standard deviation of every number in which an episode begins."""
_HIGH = np.array([1.0, 1.0, 1.0, 1.0, np.inf, np.inf], np.float32)
OBSERVATION_SPACE = spaces.Box(-_HIGH, _HIGH)
ACTION_SPACE = spaces.Box(-1.0, 1.0, (2,))


def dynamics(state: Tensor, control: Tensor) -> Tensor:
    """One step on of (num_envs, 4): angles from upright (rad) and their speeds; control (num_envs, 2) from -1 to 1."""
    shoulder, elbow = (TORQUE * control).unbind(1)

    def change(at: Tensor) -> Tensor:
        p, q, spin_p, spin_q = at.unbind(1)
        sin, between = (p - q).sin(), (p - q).cos() / 2
        first = shoulder - elbow - sin * spin_q.square() / 2 + 1.5 * GRAVITY * p.sin()
        second = elbow + sin * spin_p.square() / 2 + 0.5 * GRAVITY * q.sin()
        determinant = 4 / 9 - between.square()
        faster = (first / 3 - between * second) / determinant, (4 / 3 * second - between * first) / determinant
        return torch.stack((spin_p, spin_q, *faster), 1)

    return runge_kutta(change, state, SECONDS, SUBSTEPS)


def paid(state: Tensor, control: Tensor) -> Tensor:
    """(num_envs,) from 0 to 1: how high the tip is, times how calm, times how little is asked of the motors."""
    p, q, spin_p, spin_q = state.unbind(1)
    high = (2 + p.cos() + q.cos()) / 4
    calm = (1 + (FALLOFF * (spin_p.square() + spin_q.square()) / CALM**2).exp()) / 2
    return high * calm * (10 - control.square().sum(1)) / 10


class DoublePendulum(Dynamics):
    """Observes cosine and sine of both angles, and both speeds; never terminates; 200 steps."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE
    draws_at_starts_alone = True
    max_episode_steps = 200
    state_names, angles = ("upper", "lower", "upper spin", "lower spin"), (0, 1)

    def initial_state(self, num: int) -> Tensor:
        """Hanging, nearly at rest: every number is normal, with a deviation of 0.01."""
        state = SPREAD * torch.randn(num, 4, generator=self.generator, device=self.device)
        state[:, :2] += math.pi
        return state

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step, paid for where it leads; see :func:`dynamics` and :func:`paid`."""
        control = action.clamp(-1.0, 1.0)
        state = dynamics(state, control)
        return state, paid(state, control), self.never

    def observe(self, state: Tensor) -> Tensor:
        """(num_envs, 6): cosine and sine of each angle, and both speeds."""
        p, q, *speeds = state.unbind(1)
        return torch.stack((p.cos(), p.sin(), q.cos(), q.sin(), *speeds), 1)

    def state_from(self, obs: Tensor) -> Tensor:
        """(B, 4): the angles of cosines and sines, and both speeds."""
        cos_p, sin_p, cos_q, sin_q, *speeds = obs.unbind(1)
        return torch.stack((torch.atan2(sin_p, cos_p), torch.atan2(sin_q, cos_q), *speeds), 1)


class DoublePendulumEnv(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Gymnasium's form: D'Alembert's principle, J' m (J a + b - g) summed over ends and middles of the rods."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Hanging, nearly at rest."""
        super().reset(seed=seed)
        self.state = self.np_random.normal((math.pi, math.pi, 0.0, 0.0), SPREAD)
        return self._shown(), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One step of :class:`DoublePendulum`."""
        control = np.clip(np.asarray(action, np.float64), -1.0, 1.0)
        at, h = np.asarray(self.state, np.float64), SECONDS / SUBSTEPS
        for _ in range(SUBSTEPS):
            k_1 = _change(at, control)
            k_2 = _change(at + h / 2 * k_1, control)
            k_3 = _change(at + h / 2 * k_2, control)
            k_4 = _change(at + h * k_3, control)
            at = at + h / 6 * (k_1 + 2 * (k_2 + k_3) + k_4)
        self.state = at
        high = (2 + math.cos(at[0]) + math.cos(at[1])) / 4
        calm = (1 + math.exp(FALLOFF * float(at[2] ** 2 + at[3] ** 2) / CALM**2)) / 2
        return self._shown(), high * calm * (10 - float(control @ control)) / 10, False, False, {}

    def _shown(self) -> NDArray[np.float32]:
        p, q, *speeds = np.asarray(self.state)
        return np.array((math.cos(p), math.sin(p), math.cos(q), math.sin(q), *speeds), np.float32)


_POINTS = (
    (1 / 6, (0.0, 0.0)), (2 / 3, (0.5, 0.0)), (1 / 6, (1.0, 0.0)),
    (1 / 6, (1.0, 0.0)), (2 / 3, (1.0, 0.5)), (1 / 6, (1.0, 1.0)),
)  # fmt: skip
"""Masses (kg) that move as a thin rod of 1 kg does: its ends a sixth each, its middle the rest; and how far along both
rods each is (m)."""


def _change(at: NDArray[np.float64], control: NDArray[np.float64]) -> NDArray[np.float64]:
    """How fast each number of the state changes."""
    angles, spins = at[:2], at[2:]
    aside, up = np.sin(angles), np.cos(angles)  # a point is at sum of length (sin, cos)
    inertia, forces = np.zeros((2, 2)), TORQUE * np.array((control[0] - control[1], control[1]))
    for mass, lengths in _POINTS:
        along = np.array(lengths)
        slope = np.stack((along * up, -along * aside))  # of the point's place by both angles
        bends = np.array((-(along * aside) @ spins**2, -(along * up) @ spins**2))
        inertia += mass * slope.T @ slope
        forces -= mass * slope.T @ (bends + np.array((0.0, GRAVITY)))
    return np.concatenate((spins, np.linalg.solve(inertia, forces)))
