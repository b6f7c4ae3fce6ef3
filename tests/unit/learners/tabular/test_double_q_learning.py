"""Double Q-learning is its textbook's."""

from typing import Any

import tabular

from palestra.learners.tabular.double_q_learning import DoubleQLearning

NAME = DoubleQLearning.name


@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any) -> None:
    tabular.check_textbook(NAME, world)


def test_one_environment_is_the_textbook_to_the_last_bit() -> None:
    tabular.check_last_bit(NAME)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)
