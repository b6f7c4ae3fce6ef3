"""The settings of gradient descent."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.descent import OFFER, DescentAsked


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"start": [1.0]}, "two numbers"),
        ({"start": [1.0, 4.0]}, "start=4"),
        ({"adam_rate": 0.0}, "adam_rate=0"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OFFER.settings(wrong)
    assert OFFER.settings({}) == DescentAsked()
