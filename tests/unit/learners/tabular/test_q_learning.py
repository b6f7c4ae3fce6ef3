"""Q-learning is its textbook's, and any number of copies learns in turn."""

from typing import Any

import numpy as np
import tabular

from palestra.learners.tabular.q_learning import QLearning

NAME = QLearning.name


@tabular.WORLDS
def test_one_environment_is_the_textbook(world: Any) -> None:
    tabular.check_textbook(NAME, world)


def test_one_environment_is_the_textbook_to_the_last_bit() -> None:
    tabular.check_last_bit(NAME)


def test_reports_may_be_cut_anywhere() -> None:
    tabular.check_cut_anywhere(NAME)


def test_several_environments_are_learned_from_in_turn() -> None:
    tabular.check_in_turn(NAME)


def test_any_number_of_copies_does_not_overshoot() -> None:
    # 256 copies begin in one state with a rate of 0.5: a plain sum of their moves would be 128 times too long.
    learner = tabular.run(
        tabular.make(NAME, *tabular.CLIFF, num_envs=256, learning_rate=0.5, gamma=1.0, initial_value=0.0), 100
    )
    assert np.isfinite(learner.q.table).all()
    assert learner.q.table.max() <= 0
    assert learner.q.table.min() >= -150  # a fall and a way home; overshooting, it is beyond -1e9
