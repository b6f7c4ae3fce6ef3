"""Prioritised sweeping is its textbook's, and goes back to what leads to a state."""

from typing import Any

import numpy as np
import pytest
import tabular

from palestra.errors import UsageError
from palestra.learners.tabular.prioritised_sweeping import PrioritisedSweeping, PrioritisedSweepingConfig
from palestra.learners.tabular.rule import Step

NAME = PrioritisedSweeping.name


@pytest.mark.parametrize("settings", [{"planning_steps": 5}], ids=["5"])
@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any, settings: dict[str, Any]) -> None:
    tabular.check_textbook(NAME, world, **settings)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


def test_only_pairs_that_go_on_to_a_state_are_swept_back_to() -> None:
    learner = tabular.make(NAME, "CliffWalking-v1", {}, 3)
    state_E, action_E = np.array([1, 2, 3]), np.array([0, 1, 2])
    entry_E, discount_E = learner.q.entry(state_E, action_E), np.array([0.9, 0.0, 0.9])  # the second one ended there
    next_state_E = np.array([7, 7, 8])
    s = Step(state_E, action_E, entry_E, np.zeros(3), next_state_E, discount_E, discount_E == 0, next_state_E)
    learner.rule.model.add(s)
    assert learner.rule.leading_to(np.array([7])).tolist() == [4]
    assert learner.rule.leading_to(np.array([7, 8])).tolist() == [4, 14]
    assert learner.rule.leading_to(np.array([0])).tolist() == []


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="threshold"):
        PrioritisedSweepingConfig(threshold=-1.0)
