"""What others come to: each kind of data has one that is good at it."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from palestra.trials.report.case import assigned
from palestra.trials.report.references import NAMES, flat, references
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)
X = RNG.uniform(-3, 3, (250, 3))


@pytest.mark.parametrize(
    ("target", "best"),
    [
        (X @ [1.0, -1.0, 2.0] + 0.05 * RNG.normal(size=250), "linear"),
        (((X[:, 0] > 0).astype(float) + (X[:, 0] > 1.5)) * np.sign(X[:, 1]) * 5, "boosting"),
        (RNG.normal(size=250) * 0 + np.sin(3 * X[:, 0]), "boosting"),
    ],
)
def test_the_best(target: np.ndarray, best: str) -> None:
    case = case_of_arrays(DummyRegressor(), X, target)
    found = references(case, assigned(case))
    assert tuple(found.found) == NAMES
    assert found.best == best
    assert found.constant.held.mean() == pytest.approx(1.0, abs=0.02)
    assert found.surest is None


def test_words_and_gaps_do_not_stop_them() -> None:
    word = RNG.integers(0, 4, 200).astype(float)
    number = np.where(RNG.random(200) < 0.1, np.nan, RNG.normal(size=200))
    label = np.isin(word, (1, 3)).astype(int)
    case = case_of_arrays(DummyClassifier(), np.c_[number, word], label, words=(1,))
    found = references(case, assigned(case))
    assert found.found["linear"].held.mean() == 0  # the word as a number would not do
    assert found.surest is not None


def test_pictures_become_rows() -> None:
    case = case_of_arrays(DummyClassifier(), RNG.normal(size=(20, 3, 4)), np.arange(20) % 2)
    assert flat(case).development.inputs.shape == (20, 12)
