"""The settings of the convolution."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.convolution import OFFER, ConvolutionAsked


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kernel": [1.0, 2.0]}, "1, 9 or 25"),
        ({"picture": "own"}, "256, row by row"),
        ({"kernel": [99.0]}, "kernel=99"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        OFFER.settings(wrong)
    assert OFFER.settings({}) == ConvolutionAsked()
