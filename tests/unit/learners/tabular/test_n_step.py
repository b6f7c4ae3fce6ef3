"""The window over the last n transitions of every copy."""

import numpy as np
import pytest

from palestra.errors import UsageError
from palestra.learners.tabular.n_step import NStepConfig, Window
from palestra.learners.tabular.rule import Step


def step(reward: float, done: tuple[bool, bool] = (False, False)) -> Step:
    """A step of two copies: states 1 and 2, action 0, an entry that says the reward."""
    state_E, action_E = np.array([1, 2]), np.zeros(2, dtype=np.int64)
    entry_E, done_E = np.array([10, 20]) + int(reward), np.array(done)
    return Step(state_E, action_E, entry_E, np.full(2, reward), state_E, np.full(2, 0.9), done_E, state_E)


def test_a_pair_is_learned_from_n_steps_later_or_at_the_episodes_end() -> None:
    window, learned = Window(2, 2), []
    for reward, done in ((1.0, (False, False)), (2.0, (False, True)), (3.0, (False, False))):
        window.catch_up(
            step(reward, done),
            lambda copy_B: copy_B + 0.5,
            lambda entry_B, target_B: learned.append((entry_B, target_B)),
        )
    seen = [(entry, target) for entries, targets in learned for entry, target in zip(entries, targets, strict=True)]
    # Copy 0 is two steps late; copy 1, whose episode ends with the second step, has learned from both by then.
    assert seen == [(11, 0.5), (21, 1.5), (22, 1.5), (12, 0.5)]
    assert window.count_E.tolist() == [1, 1]
    assert window.reward_NE[window.ago(0)].tolist() == [3.0, 3.0]
    assert window.reward_NE[window.ago(1)].tolist() == [2.0, 2.0]
    window.forget(np.array([True, False]))
    assert window.count_E.tolist() == [0, 1]


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="n_step"):
        NStepConfig(n_step=0)
