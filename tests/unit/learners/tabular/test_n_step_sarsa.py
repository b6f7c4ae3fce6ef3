"""n-step SARSA is its textbook's, and between SARSA and Monte Carlo."""

from typing import Any

import numpy as np
import pytest
import tabular

from palestra.learners.tabular.n_step_sarsa import NStepSarsa

NAME = NStepSarsa.name


@pytest.mark.parametrize("settings", [{"n_step": 1}, {"n_step": 4}, {"n_step": 20}], ids=["1", "4", "20"])
@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any, settings: dict[str, Any]) -> None:
    tabular.check_textbook(NAME, world, exact=False, **settings)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


@tabular.SEVERAL
def test_of_one_step_it_is_sarsa(num_envs: int) -> None:
    tabular.check_same((NAME, {"n_step": 1}), ("sarsa", {}), num_envs)


def test_looking_to_the_end_of_the_episode_is_monte_carlo() -> None:
    tabular.check_is_monte_carlo(NAME, n_step=50)


def test_copies_that_begin_anew_take_nothing_of_the_old_episode_with_them() -> None:
    learner = tabular.make(NAME, "CliffWalking-v1", {}, 2, num_steps=2)
    learner.step()
    learner.rule.forget(np.array([True, False]))
    assert learner.rule.window.count_E.tolist() == [0, 2]
