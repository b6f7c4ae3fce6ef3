"""The gridworld's settings."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.gridworld import OFFER, GridworldAsked


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"board": []}, "a board of 0 rows"),
        ({"board": ["S"]}, "two cells or more"),
        ({"board": ["S.G"], "wind": [1, 2]}, "wind in 2 columns"),
        ({"board": ["S" + "." * 24]}, "at most 24"),
        ({"wind": [4] * 12}, "wind=4"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OFFER.settings(wrong)
    assert OFFER.settings({}) == GridworldAsked()
