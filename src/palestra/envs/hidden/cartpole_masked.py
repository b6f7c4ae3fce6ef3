"""palestra/CartPoleMasked-v0: CartPole-v1 that shows where cart and pole are, and not how fast they move.

Its dynamics, starts, ends and limits are CartPole's. What is hidden follows from what was seen a step before.

Nobody who acts by the present observation alone balances it for good, as far as a linear law goes: Euler's step near
the upright pole is s' = (I + h J) s + h b u, and whatever u = K (position, angle) is, b K stands in the rows of
velocities and the columns of places, off the diagonal. So the trace is that of I + h J, which is 4, the four
eigenvalues sum up to 4, and not all of them are smaller than 1. Both forms are here: the batched one, and Gymnasium's.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.classic.cartpole import ANGLE_LIMIT, POSITION_LIMIT, CartPole
from palestra.envs.dynamics import Dynamics

_HIGH = np.array([2 * POSITION_LIMIT, 2 * ANGLE_LIMIT], np.float32)
OBSERVATION_SPACE = spaces.Box(-_HIGH, _HIGH)


class CartPoleMasked(Dynamics):
    """Observes the cart's position (m) and the pole's angle (rad); all else is CartPole's."""

    observation_space = OBSERVATION_SPACE
    action_space = CartPole.action_space
    draws_at_starts_alone = True
    max_episode_steps = CartPole.max_episode_steps

    def __init__(self, num_envs: int, device: str | torch.device = "cpu") -> None:
        super().__init__(num_envs, device)
        self._whole = CartPole(num_envs, device)

    initial_state = CartPole.initial_state

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step of CartPole."""
        return self._whole.transition(state, action)

    def observe(self, state: Tensor) -> Tensor:
        """(num_envs, 2): position and angle."""
        return state[:, ::2].contiguous()


class CartPoleMaskedEnv(CartPoleEnv):
    """Gymnasium's CartPole, of whose observation two numbers are shown."""

    def __init__(self, **kwargs: Any) -> None:
        """Arguments are those of ``CartPoleEnv``."""
        super().__init__(**kwargs)
        self.observation_space = OBSERVATION_SPACE

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """As CartPole's."""
        obs, info = super().reset(seed=seed, options=options)
        return obs[::2].copy(), info

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """As CartPole's."""
        obs, reward, terminated, truncated, info = super().step(action)  # type: ignore[no-untyped-call]
        return obs[::2].copy(), float(reward), terminated, truncated, info
