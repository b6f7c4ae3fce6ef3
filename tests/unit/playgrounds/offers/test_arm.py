"""The settings of the arm."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.arm import OFFER, ArmAsked


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"radius": 0.3}, "radius=0.3"),
        ({"learning_rate": 0}, "learning_rate=0"),
        ({"agent": "x" * 201}, "agent with 201 letters"),
        ({"world": "unreal"}, "world"),
        ({"task": "juggle"}, "task"),
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OFFER.settings(wrong)
    assert OFFER.settings({}) == ArmAsked()
