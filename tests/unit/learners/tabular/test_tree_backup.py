"""Tree backup is its textbook's, and of one step the methods that look no further."""

from typing import Any

import pytest
import tabular

from palestra.errors import UsageError
from palestra.learners.tabular.tree_backup import TreeBackup, TreeBackupConfig

NAME = TreeBackup.name


@pytest.mark.parametrize(
    "settings",
    [{"n_step": 1}, {"n_step": 3, "target_epsilon": 0.2}, {"n_step": 5, "target_epsilon": 0.0}],
    ids=["1", "3-0.2", "5-0.0"],
)
@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any, settings: dict[str, Any]) -> None:
    tabular.check_textbook(NAME, world, exact=False, **settings)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


@pytest.mark.parametrize(
    ("settings", "other"),
    [
        ({"n_step": 1, "target_epsilon": 0.0}, ("q-learning", {})),
        ({"n_step": 1, "target_epsilon": None}, ("expected-sarsa", {})),
        ({"n_step": 1, "target_epsilon": 0.7}, ("expected-sarsa", {"target_epsilon": 0.7})),
    ],
)
@tabular.SEVERAL
def test_special_cases_are_the_simpler_method(settings: dict[str, Any], other: Any, num_envs: int) -> None:
    tabular.check_same((NAME, settings), other, num_envs)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="target_epsilon"):
        TreeBackupConfig(target_epsilon=1.1)
