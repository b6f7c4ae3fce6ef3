"""The classifier's settings."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.classifier import OFFER, ClassifierAsked


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"data": "own"}, "points of two classes"),
        ({"data": "own", "points": [[0.1, 0.2, 1], [0.3, 0.4, 1]]}, "of one class"),
        ({"points": [[0.1, 0.2, 0.5]]}, "from -1 to 1 and one of 0 to 3"),
        ({"points": [[0.1, 2.0, 1]]}, "from -1 to 1 and one of 0 to 3"),
        ({"points": [[0.1, 1]]}, "a point of your own"),
        ({"hidden": [9]}, "hidden=9"),
        ({"hidden": [1] * 5}, "at most 4"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OFFER.settings(wrong)
    assert OFFER.settings({}) == ClassifierAsked()
