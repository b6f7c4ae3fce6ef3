"""What has changed in a test: told apart, judged, and learned anew there."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from palestra.trials.report.case import assigned
from palestra.trials.report.fits import maker, out_of_fold
from palestra.trials.report.shifts import area_under, shift
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
Y = (X[:, 0] + 0.3 * RNG.normal(size=400) > 0).astype(int)


def found(test: np.ndarray, answers: np.ndarray) -> dict:
    case = case_of_arrays(LogisticRegression(), X[:250], Y[:250], test=(test, answers), features=("a", "b", "c"))
    told = shift(case, out_of_fold(case, maker(case), assigned(case)).held)
    assert told is not None
    return told


def test_the_same_again() -> None:
    told = found(X[250:], Y[250:])
    assert told["domain_auc"][1] < 0.6
    assert told["fall"][1] < 0 < told["fall"][2]
    assert told["label_change"]["moved"] < 0.1
    assert told["kind"] in ("none", None)


def test_other_inputs() -> None:
    told = found(X[250:] + np.array([0, 2, 0]), Y[250:])
    assert told["domain_auc"][1] > 0.85
    assert told["most_different"] == "b"


def test_another_meaning() -> None:
    told = found(X[250:], 1 - Y[250:])
    assert told["fall"][1] > 0.5
    assert told["within_test"][0] < 0.25


def test_no_test() -> None:
    assert shift(case_of_arrays(LogisticRegression(), X, Y), np.zeros(400)) is None


def test_the_area_is_scikit_learn_s() -> None:
    score, domain = RNG.normal(size=80).round(1), RNG.integers(0, 2, 80)
    area, low, high = area_under(score, domain)
    assert area == pytest.approx(roc_auc_score(domain, score))
    assert low < area < high
