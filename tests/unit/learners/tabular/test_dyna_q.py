"""Dyna-Q is its textbook's, and Q-learning where it plans nothing."""

from typing import Any

import pytest
import tabular

from palestra.errors import UsageError
from palestra.learners.tabular.dyna_q import DynaQ, DynaQConfig

NAME = DynaQ.name


@pytest.mark.parametrize("settings", [{"planning_steps": 5}], ids=["5"])
@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any, settings: dict[str, Any]) -> None:
    tabular.check_textbook(NAME, world, **settings)


def test_one_environment_is_the_textbook_to_the_last_bit() -> None:
    tabular.check_last_bit(NAME)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


@tabular.SEVERAL
def test_without_planning_it_is_q_learning(num_envs: int) -> None:
    tabular.check_same((NAME, {"planning_steps": 0}), ("q-learning", {}), num_envs)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="planning_steps"):
        DynaQConfig(planning_steps=-1)
