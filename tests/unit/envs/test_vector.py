"""The contract of vector environments: one without an expert says so, and closing what holds nothing is harmless."""

from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.envs.vector import Resumed, StepResult, VectorEnv
from palestra.errors import UsageError


class Still(VectorEnv):
    """Nothing ever happens."""

    num_envs = 2

    def reset(self, seed: int) -> Tensor:
        return torch.zeros(2, 1)

    def step(self, action: Tensor) -> StepResult:
        obs, no = torch.zeros(2, 1), torch.zeros(2, dtype=torch.bool)
        return StepResult(obs, obs[:, 0], no, no, obs)

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        return Resumed(torch.zeros(2, 1), torch.zeros(2, dtype=torch.bool))


def test_four_methods_are_an_environment_without_goals_and_without_an_expert() -> None:
    env = Still()
    env.reset(0)
    assert env.step(torch.zeros(2)).final_obs.shape == (2, 1)
    assert env.goal is None
    env.close()
    with pytest.raises(UsageError, match="Still has no expert; expected an environment with one"):
        env.expert()


def test_three_are_none() -> None:
    with pytest.raises(TypeError, match="abstract"):
        type("Less", (Still,), {"step": VectorEnv.step})()
