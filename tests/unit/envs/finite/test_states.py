"""States of products of discrete spaces: each has a number of its own, whichever way it is shown."""

from itertools import product
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.finite.states import States, tells_states
from palestra.envs.observed import Observed

PRODUCTS: list[tuple[gym.Space[Any], list[Any]]] = [
    (spaces.Discrete(4, start=2), [2, 3, 4, 5]),
    (spaces.MultiDiscrete([3, 2], start=[1, 5]), [np.array(x) for x in product((1, 2, 3), (5, 6))]),
    (spaces.MultiBinary(3), [np.array(x, np.int8) for x in product((0, 1), repeat=3)]),
    (spaces.Tuple((spaces.Discrete(3), spaces.Discrete(1), spaces.Discrete(2))), list(product(range(3), (0,), (0, 1)))),
    (
        spaces.Dict(a=spaces.MultiBinary(2), b=spaces.Tuple((spaces.Discrete(2, start=-1), spaces.MultiDiscrete([2])))),
        [
            {"a": np.array((i, j), np.int8), "b": (k, np.array([m]))}
            for i, j, k, m in product((0, 1), (0, 1), (-1, 0), (0, 1))
        ],
    ),
]


@pytest.mark.parametrize(("space", "each"), PRODUCTS, ids=lambda x: type(x).__name__)
def test_states_are_numbered_in_order_and_none_twice(space: gym.Space[Any], each: list[Any]) -> None:
    assert tells_states(space)
    assert all(map(space.contains, each))
    states, observed = States(space), Observed(space)
    assert states.num == len(each)
    rows = torch.from_numpy(np.concatenate([observed.read(obs)[0] for obs in each]))
    assert states.index(rows).tolist() == list(range(len(each)))
    assert states.index(torch.tensor([2, 0])).tolist() == [2, 0]  # what is a number already


def test_numbers_above_what_float32_holds_are_exact() -> None:
    space = spaces.MultiBinary(30)
    rows = torch.ones(2, 30)
    rows[1, -1] = 0
    assert States(space).index(rows).tolist() == [2**30 - 1, 2**30 - 2]


@pytest.mark.parametrize(
    "space", [spaces.Box(0, 1, (2,)), spaces.Dict(a=spaces.Discrete(2), b=spaces.Box(0, 1, (1,))), spaces.Text(3)]
)
def test_what_is_not_counted_tells_no_states(space: gym.Space[Any]) -> None:
    assert not tells_states(space)
