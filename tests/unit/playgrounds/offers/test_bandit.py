"""The bandit's settings."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.bandit import OFFER, BanditAsked


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"means": [0.5]}, "means of 1 arms"),
        ({"means": [0.5, 1.5]}, "probabilities, from 0 to 1"),
        ({"means": [0.5] * 11, "reward": "gaussian"}, "at most 10"),
        ({"algorithm": "greedy"}, "epsilon-greedy, ucb"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OFFER.settings(wrong)
    assert OFFER.settings({}) == BanditAsked()
