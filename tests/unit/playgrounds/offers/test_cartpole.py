"""The settings of CartPole."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.cartpole import OFFER, CartPoleAsked


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"copies": 0}, "copies=0"),
        ({"gamma": 1.5}, "gamma=1.5"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OFFER.settings(wrong)
    assert OFFER.settings({}) == CartPoleAsked()
