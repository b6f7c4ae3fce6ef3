"""palestra/PendulumDiscrete-v1: Pendulum-v1 with eleven torques to choose from, for learners of discrete actions.

The torques are evenly spaced from -2 to 2 N m. Both forms are here: the batched one, and Gymnasium's own environment
with another action space as the reference.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.envs.classic_control.pendulum import PendulumEnv
from torch import Tensor

from palestra.envs.classic.pendulum import MAX_TORQUE, Pendulum, dynamics
from palestra.envs.dynamics import Dynamics

NUM_TORQUES = 11


class PendulumDiscrete(Dynamics):
    """Pendulum-v1, its action the number of a torque."""

    observation_space = Pendulum.observation_space
    action_space = spaces.Discrete(NUM_TORQUES)
    max_episode_steps = Pendulum.max_episode_steps
    draws_at_starts_alone = True
    state_names, angles = Pendulum.state_names, Pendulum.angles

    def __init__(self, num_envs: int, device: str | torch.device = "cpu") -> None:
        """As ``Dynamics``."""
        super().__init__(num_envs, device)
        with torch.inference_mode(False):
            self._torque = torch.linspace(-MAX_TORQUE, MAX_TORQUE, NUM_TORQUES, device=self.device)[:, None]

    initial_state = Pendulum.initial_state
    observe = Pendulum.observe
    state_from = Pendulum.state_from

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step; see :func:`palestra.envs.classic.pendulum.dynamics`."""
        state, reward = dynamics(state, self._torque[action])
        return state, reward, self.never


class PendulumDiscreteEnv(PendulumEnv):
    """Gymnasium's PendulumEnv, its action the number of a torque."""

    def __init__(self, **kwargs: Any) -> None:
        """Arguments are those of ``PendulumEnv``."""
        super().__init__(**kwargs)
        self._torque = np.linspace(-MAX_TORQUE, MAX_TORQUE, NUM_TORQUES)[:, None]
        self.action_space = spaces.Discrete(NUM_TORQUES)

    def step(self, u: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step of ``PendulumEnv`` with torque number ``u``."""
        result: tuple[Any, Any, bool, bool, dict[str, Any]] = super().step(self._torque[u])  # type: ignore[no-untyped-call]
        return result
