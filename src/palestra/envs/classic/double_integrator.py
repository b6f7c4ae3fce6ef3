"""palestra/DoubleIntegrator-v0: a mass on a line, pushed to where it shall rest. Linear, and its cost quadratic.

    x' = x + h v + h^2 u / 2,   v' = v + h u,   cost = h (x^2 + 0.1 v^2 + 0.1 u^2)   with h = 0.1 s

A force u that is held for a step moves a mass of 1 kg exactly so. What the best that can be done is worth is known
(Kalman 1960), so planners and learners can be held against it. Both forms are here: the batched one, and Gymnasium's.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.dynamics import Dynamics

SECONDS = 0.1
MOTION = ((1.0, SECONDS), (0.0, 1.0))
PUSH = (SECONDS**2 / 2, SECONDS)
COST = (SECONDS, 0.1 * SECONDS, 0.1 * SECONDS)
"""Of the squares of place, velocity and force."""
MOST = 10.0
"""Of the force; the best one is never near it."""
OBSERVATION_SPACE = spaces.Box(-np.inf, np.inf, (2,))
ACTION_SPACE = spaces.Box(-MOST, MOST, (1,))


class DoubleIntegrator(Dynamics):
    """Observes place and velocity; never terminates; 100 steps."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE
    max_episode_steps = 100
    draws_at_starts_alone = True
    state_names = ("place", "velocity")

    def initial_state(self, num: int) -> Tensor:
        """Place and velocity uniform within 1 of zero."""
        return torch.empty(num, 2, device=self.device).uniform_(-1.0, 1.0, generator=self.generator)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step, paid for where it begins."""
        place, velocity = state.unbind(1)
        force = action.squeeze(1)
        cost = COST[0] * place.square() + COST[1] * velocity.square() + COST[2] * force.square()
        place, velocity = place + SECONDS * velocity + PUSH[0] * force, velocity + PUSH[1] * force
        return torch.stack((place, velocity), 1), -cost, self.never


class DoubleIntegratorEnv(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Gymnasium's form, as matrices."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Place and velocity uniform within 1 of zero."""
        super().reset(seed=seed)
        self.state = self.np_random.uniform(-1.0, 1.0, 2)
        return self.state.astype(np.float32), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One step of :class:`DoubleIntegrator`."""
        force = float(action[0])
        cost = float(np.square((*self.state, force)) @ COST)
        self.state = np.array(MOTION) @ self.state + np.array(PUSH) * force
        return self.state.astype(np.float32), -cost, False, False, {}
