"""Levels: differences row by row, a given reference in the units of the loss, and no band of no width."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from palestra.trials.report.fits import OutOfFold
from palestra.trials.report.levels import given_loss, interval, levels, shown
from palestra.trials.report.references import References
from palestra.trials.report.sources import case_of_arrays


def held(losses: list[float], train: list[float] | None = None) -> OutOfFold:
    loss = np.array(losses)
    return OutOfFold(loss, np.array(train or losses), np.zeros(len(loss)), None)


def test_differences() -> None:
    case = case_of_arrays(DummyClassifier(), np.ones((4, 1)), [0, 1, 0, 1], folds=2)
    others = References({"constant": held([0, 1, 0, 1]), "linear": held([0, 0, 0, 1])}, "linear")
    found = levels(case, held([1, 1, 0, 1], [0, 0, 0, 0.5]), others)
    assert found["cross_validation"][0] == 0.75
    assert found["reference"] == {"name": "linear", "loss": found["others"]["linear"]}
    assert found["excess"][0] == 0.5
    assert found["avoidable_bias"][0] == -0.125
    assert found["variance"][0] == 0.625
    assert found["over_constant"][0] == -0.25


def test_a_given_reference() -> None:
    target = np.array([0.0, 2.0, 4.0, 6.0])
    case = case_of_arrays(DummyRegressor(), np.ones((4, 1)), target, folds=2, reference=1.0)
    assert given_loss(case, 1.0) == pytest.approx(1 / 5)  # the variance is 5
    assert shown(case, 1 / 5) == pytest.approx(1.0)
    found = levels(case, held([0.5] * 4), References({"constant": held([1.0] * 4)}, "constant"))
    assert found["reference"]["name"] == "given"
    assert found["excess"][0] == pytest.approx(0.3)
    assert found["score"] == pytest.approx({"r2": 0.5, "rmse": 2.5**0.5})


def test_a_band_has_room_for_one_more_mistake() -> None:
    case = case_of_arrays(DummyClassifier(), np.ones((20, 1)), np.arange(20) % 2)
    assert interval(case, np.zeros(20)) == [0, -0.05, 0.05]
