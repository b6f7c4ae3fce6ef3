"""What is trained is whatever steps: the toy here, which is no Learner, as every Learner."""

from typing import get_args

import pytest
from coin import Coin

from palestra.engine.settings import TrainSettings
from palestra.engine.trainer import Trainer
from palestra.engine.training import Ending, Steps, TrainResult


def test_whatever_steps_is_trained_and_its_result_says_how_it_ended() -> None:
    coin: Steps = Coin()
    result = Trainer(coin, TrainSettings(16)).run()
    assert isinstance(result, TrainResult)
    assert result.ending in get_args(Ending)
    assert (result.steps, result.signal) == (16, None)


def test_a_result_is_a_value_that_cannot_be_changed() -> None:
    result = TrainResult("finished", 8, 0.5, {"train/loss": 1.0}, None, None)
    assert result == TrainResult("finished", 8, 0.5, {"train/loss": 1.0}, None, None, signal=None)
    with pytest.raises(AttributeError):
        result.steps = 9  # type: ignore[misc]
