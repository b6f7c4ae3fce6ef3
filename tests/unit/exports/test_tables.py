"""Tables as tensors: the number of a state, and the row of it, with what a mask does to it."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.finite.states import States
from palestra.envs.masks import ActionMask
from palestra.envs.observed import Observed
from palestra.envs.spaces import leaf_values
from palestra.exports.observations import stacked
from palestra.exports.tables import Tabled
from palestra.learners.tabular.q_table import QTable

OWN = [
    spaces.Discrete(7, start=3),
    spaces.MultiDiscrete([3, 2], start=[1, 0]),
    spaces.MultiBinary((2, 2)),
    spaces.Tuple((spaces.Discrete(4), spaces.Dict({"b": spaces.MultiBinary(2), "a": spaces.Discrete(3)}))),
]


@pytest.mark.parametrize("own", OWN, ids=str)
def test_states_have_the_numbers_that_they_have_everywhere(own: gym.Space[Any]) -> None:
    own.seed(1)
    seen = [own.sample() for _ in range(40)]
    states, actions = States(own), spaces.Discrete(3, start=1)
    table_SA = torch.rand(states.num, 3, dtype=torch.float64)
    module = Tabled(own, actions, table_SA)
    given = [torch.from_numpy(x) for x in stacked(own, [list(leaf_values(own, obs)) for obs in seen]).values()]
    number = torch.tensor([states.number(obs) for obs in seen])
    assert torch.equal(module.state(given), number)
    action, value_BA = module(*given)
    assert torch.equal(value_BA, table_SA[number])
    assert torch.equal(action, table_SA[number].argmax(1) + 1)


def test_a_mask_does_to_a_row_what_it_does_to_the_table() -> None:
    own = spaces.Dict({"action_mask": spaces.MultiBinary(3), "place": spaces.Discrete(4)})
    rng = np.random.default_rng(0)
    table = rng.normal(size=(1, 4, 3))
    masks = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]], np.int8)
    q = QTable(1, 4, 3, initial_value=0.5, learning_rate=1.0, learning_rate_decay=0.0, seed=0,
               mask=ActionMask(0, 3, packed=False))  # fmt: skip
    q.table[:] = table
    q.table[0, 3] = -1e300  # forbidden when last seen, and allowed now
    module = Tabled(own, spaces.Discrete(3), torch.from_numpy(q.table.mean(0).copy()), q.initial_value)
    place = np.arange(4)
    rows, _ = Observed(own).read({"action_mask": masks, "place": place})
    said = module(torch.from_numpy(masks), torch.from_numpy(place))
    chosen = q.choice(torch.from_numpy(rows))
    assert chosen.numbers is not None
    assert torch.equal(said[1], chosen.numbers)
    assert torch.equal(said[0], chosen.action)
    assert said[1][3].tolist() == [0.5, 0.5, 0.5]
    assert torch.equal(said[1][1], torch.from_numpy(table[0, 1]))  # nothing is allowed, so nothing is chosen by it
