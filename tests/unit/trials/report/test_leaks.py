"""Leaks: each check sees its own, and nothing where there is none."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

from palestra.trials.report.case import Case, assigned
from palestra.trials.report.fits import maker, out_of_fold
from palestra.trials.report.leaks import copies, disguises, groups, times
from palestra.trials.report.references import references
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
Y = X @ [1.0, 2.0, 0.5] + RNG.normal(size=200)


def test_copies_across_folds_and_into_a_test() -> None:
    clean = case_of_arrays(Ridge(), X, Y)
    assert copies(clean) == {"where": "folds", "rows": 0, "share": 0.0, "nearly": 0, "examples": []}
    twice = case_of_arrays(Ridge(), np.r_[X, X[:40]], np.r_[Y, Y[:40]])
    found = copies(twice)
    assert 40 <= found["rows"] <= 80  # but for pairs that happen to be in one fold
    known = case_of_arrays(Ridge(), X[:150], Y[:150], test=(X[140:], Y[140:]))
    found = copies(known)
    assert (found["where"], found["rows"], found["nearly"], found["examples"]) == ("test", 10, 0, [*range(1, 11)])


def test_rows_that_are_nearly_another() -> None:
    again = X[:40] + 0.002 * RNG.normal(size=(40, 3))
    found = copies(case_of_arrays(Ridge(), np.r_[X, again], np.r_[Y, Y[:40]]))
    assert 40 <= found["nearly"] == found["rows"] <= 84
    known = case_of_arrays(Ridge(), X[:150], Y[:150], test=(np.r_[X[150:], again], np.r_[Y[150:], Y[:40]]))
    found = copies(known)
    assert found["where"] == "test"
    assert 35 <= found["nearly"] == found["rows"] <= 44
    assert min(found["examples"]) > 50


def _disguise(case: Case) -> dict | None:
    fold = assigned(case)
    return disguises(case, fold, references(case, fold))


def test_a_disguise() -> None:
    found = _disguise(case_of_arrays(Ridge(), np.c_[X, 5 * Y + 1], Y, features=("a", "b", "c", "euros")))
    assert found is not None
    assert found["column"] == "euros"
    assert found["alone"][0] < 0.03
    assert found["others"][0] > 0.1
    assert found["rank_correlation"] == pytest.approx(1.0)
    assert _disguise(case_of_arrays(Ridge(), X[:, :1], Y)) is None


def _grouped(effect: float) -> dict:
    group = np.repeat(np.arange(25), 8)
    x = RNG.normal(size=(25, 3))[group] + 0.1 * X
    y = effect * RNG.normal(size=25)[group] + RNG.normal(size=200)
    case = case_of_arrays(KNeighborsRegressor(3), x, y, group=group)
    fold = assigned(case)
    found = groups(case, fold, out_of_fold(case, maker(case), fold).held)
    assert found is not None
    return found


def test_groups() -> None:
    assert _grouped(3.0)["flattered_by"][1] > 0
    assert _grouped(0.0)["flattered_by"][1] < 0
    plain = case_of_arrays(Ridge(), X, Y)
    assert groups(plain, assigned(plain), np.zeros(200)) is None


def test_times() -> None:
    when = np.arange(200.0)
    walk = np.cumsum(RNG.normal(size=200))
    found = times(case_of_arrays(KNeighborsRegressor(3), when[:, None], walk, time=when))
    assert found is not None
    assert found["flattered_by"][1] > 0
    still = times(case_of_arrays(Ridge(), X, Y, time=when))
    assert still is not None
    assert still["flattered_by"][1] < 0
    assert times(case_of_arrays(Ridge(), X, Y)) is None
