"""Suspect labels: those that were written down wrongly are at the top of the list."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from palestra.trials.report.case import assigned
from palestra.trials.report.labels import labels
from palestra.trials.report.references import references
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))


def test_classes() -> None:
    label = (X[:, 0] > 0).astype(int)
    clear = np.flatnonzero(np.abs(X[:, 0]) > 1)[:20]
    label[clear] = 1 - label[clear]
    case = case_of_arrays(DummyClassifier(), X, label)
    found = labels(case, references(case, assigned(case)))
    assert found["rate"][0] == pytest.approx(20 / 150, abs=0.02)  # all of them are where it is sure
    assert found["classes"] == 2
    first = {each["row"] - 1 for each in found["suspects"][:20]}
    assert len(first & set(clear.tolist())) >= 17


def test_numbers() -> None:
    target = X @ [1.0, 2.0, 3.0] + 0.1 * RNG.normal(size=300)
    target[:15] += 10
    case = case_of_arrays(DummyRegressor(), X, target)
    found = labels(case, references(case, assigned(case)))
    assert found["rate"][0] == pytest.approx(0.05, abs=0.01)
    assert {each["row"] for each in found["suspects"]} >= set(range(1, 16))
    assert found["suspects"][0]["given"] - found["suspects"][0]["rather"] > 8
