"""A world that is not here: a saved policy acts all the same, on observations that somebody else has."""

from typing import Any, NoReturn

import gymnasium as gym
import torch
from torch import Tensor

from palestra.envs.observed import Observed
from palestra.envs.spaces import tensor_dtype
from palestra.envs.vector import Resumed, StepResult, VectorEnv
from palestra.envs.world import World
from palestra.errors import UsageError


class AbsentWorld(World):
    """A world of which the spaces are known and nothing else.

    Args:
        world: which.
        observation: its own space of one observation.
        action: the space of one action.
        why: it cannot be made.
    """

    def __init__(self, world: World, observation: gym.Space[Any], action: Any, why: str):
        super().__init__(**vars(world))
        for name, value in {"_spaces": (observation, action), "_why": why}.items():
            object.__setattr__(self, name, value)  # of a frozen dataclass, and none of its fields

    def make(
        self, *, num_envs: int | None = None, device: torch.device | str = "cpu", reference: bool = False
    ) -> VectorEnv:
        """Copies that show nothing and cannot be stepped."""
        known = vars(self)
        observation, action = known["_spaces"]
        return AbsentVectorEnv(num_envs or self.num_envs, observation, action, torch.device(device), known["_why"])


class AbsentVectorEnv(VectorEnv):
    """Copies of a world that is not here."""

    def __init__(self, num_envs: int, observation: gym.Space[Any], action: Any, device: torch.device, why: str):
        self.num_envs, self.device = num_envs, device
        self.observed = Observed(observation)
        self.observation_space, self.action_space = self.observed.space, action
        self.max_episode_steps = None
        self._why = why

    def reset(self, seed: int) -> Tensor:
        """Some observation, for whoever is made from copies: the first of them that a table knows."""
        shape = (self.num_envs, *self.observation_space.shape)
        obs = torch.zeros(shape, dtype=tensor_dtype(self.observation_space), device=self.device)
        obs.view(self.num_envs, -1)[:, :1] = 1
        return obs

    def step(self, action: Tensor) -> StepResult:
        """UsageError: it is not here."""
        self._refuse()

    def state_dict(self) -> dict[str, Any]:
        """Nothing is known of it."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        """Nothing that was saved of it can be used."""
        return Resumed(self.reset(0), torch.ones(self.num_envs, dtype=torch.bool, device=self.device))

    def _refuse(self) -> NoReturn:
        raise UsageError(f"{self._why}; without it, what was loaded predicts and does nothing else")
