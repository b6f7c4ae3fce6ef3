"""Actions on their way into an environment, in tensors."""

import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.spaces import ActionSpace, to_env_action
from palestra.exports.actions import Native

SPACES = [
    (spaces.Discrete(4, start=-2), torch.tensor([0, 3, 1])),
    (spaces.MultiDiscrete([2, 3], start=[5, -1]), torch.tensor([[0, 2], [1, 1]])),
    (spaces.MultiBinary(3), torch.tensor([[0, 1, 1]])),
    (spaces.Box(-1.0, np.array([0.5, 2.0]), (2,), np.float64), torch.tensor([[3.0, -9.0], [0.25, 1.5]])),
    (spaces.Box(-np.inf, np.inf, (2, 1), np.float32), torch.tensor([[[3.0], [-9.0]]])),
]


@pytest.mark.parametrize(("space", "action"), SPACES, ids=lambda given: str(given)[:20])
def test_they_are_what_the_environment_takes(space: ActionSpace, action: torch.Tensor) -> None:
    found, wanted = Native(space)(action).numpy(), to_env_action(space, action)
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == wanted.dtype
    assert all(space.contains(each) for each in found) or not isinstance(space, spaces.Box)
