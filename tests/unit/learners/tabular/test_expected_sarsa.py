"""Expected SARSA is its textbook's, and Q-learning where its target is greedy."""

from typing import Any

import pytest
import tabular

from palestra.errors import UsageError
from palestra.learners.tabular.expected_sarsa import ExpectedSarsa, ExpectedSarsaConfig

NAME = ExpectedSarsa.name


@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any) -> None:
    tabular.check_textbook(NAME, world)


def test_one_environment_is_the_textbook_to_the_last_bit() -> None:
    tabular.check_last_bit(NAME)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


def test_several_environments_are_learned_from_in_turn() -> None:
    tabular.check_in_turn(NAME)


@tabular.SEVERAL
def test_of_the_greedy_policy_it_is_q_learning(num_envs: int) -> None:
    tabular.check_same((NAME, {"target_epsilon": 0.0}), ("q-learning", {}), num_envs)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="target_epsilon"):
        ExpectedSarsaConfig(target_epsilon=-0.1)
