"""Actions on their way into environments: unit numbers to bounds by hand, random ones by their moments."""

import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.errors import UsageError
from palestra.learners.off_policy.actions import BoxActions, DiscreteActions

CPU = torch.device("cpu")


def test_the_bounds_are_where_minus_one_and_one_go() -> None:
    space = spaces.Box(np.float32([[-1.0, 0.0]]), np.float32([[3.0, 0.5]]))
    actions = BoxActions(space, "sac", CPU)
    assert actions.shape == (actions.size,) == (2,)
    unit = torch.tensor([[-1.0, 1.0], [0.0, 0.0], [1.0, -0.5]])
    assert actions.to_env(unit).tolist() == [[[-1.0, 0.5]], [[1.0, 0.25]], [[3.0, 0.125]]]


def test_recorded_ones_are_known_by_minus_one_and_one_again() -> None:
    space = spaces.Box(np.float32([[-1.0, 0.0]]), np.float32([[3.0, 0.5]]))
    actions = BoxActions(space, "sac", CPU)
    unit = torch.tensor([[-1.0, 1.0], [0.0, 0.0], [1.0, -0.5]])
    assert torch.equal(actions.from_env(actions.to_env(unit)), unit)
    beyond = np.float32([[[-5.0, 0.25]], [[3.0, 9.0]]])  # the world clips it
    assert actions.recorded(beyond).tolist() == [[-1.0, 0.0], [1.0, 1.0]]
    assert DiscreteActions(spaces.Discrete(4), "dqn", "ppo", CPU).recorded(np.array([3, 0])).tolist() == [3, 0]


def test_random_ones_are_uniform() -> None:
    box = BoxActions(spaces.Box(-2.0, 2.0, (3,)), "sac", CPU).uniform(20_000, torch.Generator().manual_seed(0))
    assert box.shape == (20_000, 3)
    assert float(box.abs().max()) <= 1
    assert box.mean(0).tolist() == pytest.approx([0.0] * 3, abs=0.02)
    assert box.var(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.01)
    discrete = DiscreteActions(spaces.Discrete(4), "dqn", "ppo", CPU)
    drawn = discrete.uniform(20_000, torch.Generator().manual_seed(0))
    assert (drawn.bincount() / 20_000).tolist() == pytest.approx([0.25] * 4, abs=0.02)
    assert discrete.to_env(drawn) is drawn


def test_other_spaces_are_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"sac cannot act in Discrete.*; expected a Box with bounds"):
        BoxActions(spaces.Discrete(3), "sac", CPU)
    with pytest.raises(UsageError, match="sac cannot act in Box"):
        BoxActions(spaces.Box(-np.inf, np.inf, (2,)), "sac", CPU)
    with pytest.raises(UsageError, match=r"dqn cannot act in Box.*; expected a Discrete action space \(ppo serves Box"):
        DiscreteActions(spaces.Box(-1.0, 1.0, (2,)), "dqn", "ppo", CPU)
    with pytest.raises(UsageError, match=r"dqn cannot act in MultiBinary.* \(ppo serves any space\)"):
        DiscreteActions(spaces.MultiBinary(3), "dqn", "ppo", CPU)
