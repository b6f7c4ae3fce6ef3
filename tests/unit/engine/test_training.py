"""What a training comes to, as a value."""

import pytest

from palestra.engine.training import TrainResult


def test_a_result_is_a_value_that_cannot_be_changed() -> None:
    result = TrainResult("finished", 8, 0.5, {"train/loss": 1.0}, None, None)
    assert result == TrainResult("finished", 8, 0.5, {"train/loss": 1.0}, None, None, signal=None)
    with pytest.raises(AttributeError):
        result.steps = 9  # type: ignore[misc]
