"""A preparation counts where rows that judge were looked at, and nowhere else."""

import numpy as np
from sklearn.linear_model import Ridge

from palestra.trials.report.prepared import prepared
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)
X = RNG.normal(5, 3, (200, 3))
Y = X[:, 0] + RNG.normal(size=200)


def traces(x: np.ndarray, test: np.ndarray | None = None, **more: bool) -> list[tuple[str, str]]:
    later = None if test is None else (test, np.zeros(len(test)))
    found = prepared(case_of_arrays(Ridge(), x, Y[: len(x)], test=later, **more))
    return [(trace["kind"], trace["where"]) for trace in found["traces"]]


def scaled(x: np.ndarray, by: np.ndarray) -> np.ndarray:
    return (x - by.mean(0)) / by.std(0)


def test_as_a_whole() -> None:
    assert traces(scaled(X, X)) == [("standardised", "all rows")]
    assert traces(X) == []
    assert traces(scaled(X, X), encoded=True) == []


def test_with_a_test() -> None:
    train, test = X[:150], X[150:]
    assert traces(scaled(train, X), scaled(test, X)) == [("standardised", "training and test together")]
    assert traces(scaled(train, train), scaled(test, train)) == []  # as it should be
    assert traces(scaled(train, train), scaled(test, test)) == [("standardised", "the test by itself")]
    assert traces(train, test) == []


def test_gaps() -> None:
    x = X.copy()
    x[:20, 1] = np.nan
    x[:20, 1] = np.nanmean(x[:, 1])
    assert traces(x) == [("filled", "all rows")]
    assert traces(x[:150], x[150:]) == [("filled", "training and test together")]
