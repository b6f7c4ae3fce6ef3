"""SARSA is its textbook's, and learns from several copies in turn."""

from typing import Any

import tabular

from palestra.learners.tabular.sarsa import Sarsa

NAME = Sarsa.name


@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any) -> None:
    tabular.check_textbook(NAME, world)


def test_one_environment_is_the_textbook_to_the_last_bit() -> None:
    tabular.check_last_bit(NAME)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


def test_several_environments_are_learned_from_in_turn() -> None:
    tabular.check_in_turn(NAME)
