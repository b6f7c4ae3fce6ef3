"""The settings of k-means."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.k_means import OFFER, KMeansAsked


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"points": [[0.1, 0.2, 0.3]]}, "two numbers"),
        ({"data": "own", "points": [[0.1, 0.2]], "groups": 2}, "1 points of your own for 2 centres"),
        ({"groups": 11}, "groups=11"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OFFER.settings(wrong)
    assert OFFER.settings({}) == KMeansAsked()
