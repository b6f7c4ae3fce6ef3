"""Settings that the tabular methods share."""

from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.learners.tabular.rule import TabularConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate=0.0; expected 0 < learning_rate <= 1"),
        ({"epsilon_end": 1.5}, "epsilon_end=1.5; expected 0 <= epsilon_end <= 1"),
        ({"num_steps": 0}, "num_steps=0; expected at least 1"),
        ({"initial_value": float("inf")}, "initial_value=inf; expected a finite number"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TabularConfig(**settings)
