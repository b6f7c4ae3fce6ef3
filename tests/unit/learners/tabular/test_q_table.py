"""A table of action values: explored by, and moved towards targets."""

from typing import Any

import numpy as np
import pytest
import tabular
import torch

from palestra.envs.masks import ActionMask
from palestra.learners.tabular.q_table import QTable
from palestra.ops.tables import FORBIDDEN


def table(values: list[list[float]], **settings: Any) -> QTable:
    """Of two or three states and as many actions as there are columns."""
    defaults = {"initial_value": 0.0, "learning_rate": 0.5, "learning_rate_decay": 0.0, "seed": 0}
    q = QTable(1, len(values), len(values[0]), **defaults | settings)
    q.table[0] = values
    return q


def test_the_greedy_action_is_the_first_of_equals_and_exploring_draws_among_them() -> None:
    learner = tabular.make("q-learning", "CliffWalking-v1", {}, 2, epsilon_start=0.0, epsilon_end=0.0)
    learner.q.table[0, 5] = [0, 3, 3, 1]
    obs = torch.zeros(200, 48)
    obs[:, 5] = 1
    assert learner.act(obs).tolist() == [1] * 200
    drawn = learner.act(obs, deterministic=False).tolist()
    assert set(drawn) == {1, 2}
    assert 60 < drawn.count(1) < 140


@pytest.mark.parametrize(("decay", "expected"), [(0.0, 3.0), (1.0, 2.5)])
def test_an_entry_is_moved_its_share_of_the_way_one_move_after_another(decay: float, expected: float) -> None:
    q = table([[0.0, 0.0], [9.0, 9.0]], learning_rate_decay=decay)
    entry_B = q.entry(np.array([0, 0]), np.array([1, 1]))
    q.improve(entry_B, np.array([4.0, 4.0]))  # 0 to 2, then to 3; with rates of 1/2 and 1/4, to 2.5
    assert q.table[0].tolist() == [[0.0, expected], [9.0, 9.0]]
    assert q.visits[0].tolist() == [[0, 2], [0, 0]]


def test_two_tables_act_on_their_mean() -> None:
    q = QTable(2, 1, 3, initial_value=0.0, learning_rate=0.5, learning_rate_decay=0.0, seed=0)
    q.table[:, 0] = [[0.0, 4.0, 3.0], [0.0, 0.0, 3.0]]
    assert q.values(np.array([0])).tolist() == [[0.0, 2.0, 3.0]]


def test_what_an_observation_does_not_allow_is_forbidden_in_its_state_until_one_allows_it() -> None:
    q = table([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], initial_value=0.5, mask=ActionMask(0, 3, packed=False))
    seen = torch.tensor([[1.0, 1, 0, 1, 0], [0, 1, 1, 0, 1], [0, 0, 0, 0, 1]])
    assert q.act(seen).tolist() == [1, 2, 2]
    assert q.table[0].tolist() == [[1.0, 2.0, FORBIDDEN], [FORBIDDEN, 5.0, 6.0]]  # where nothing is, nothing changes
    q.epsilon = 1.0
    drawn = [q.act(seen, deterministic=False) for _ in range(50)]
    assert {tuple(sorted(set(column))) for column in torch.stack(drawn).T.tolist()} == {(0, 1), (1, 2)}
    assert q.states(torch.tensor([[0.0, 0, 1, 1, 0]])).tolist() == [0]
    assert q.table[0, 0].tolist() == [FORBIDDEN, FORBIDDEN, 0.5]
