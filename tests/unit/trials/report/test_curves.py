"""Curves: sizes that double, a law where there is one, and the simplest setting within one standard error."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.tree import DecisionTreeRegressor

from palestra.trials.report.case import Case, assigned
from palestra.trials.report.curves import complexity_curve, learning_curve, with_every_class
from palestra.trials.report.fits import maker, out_of_fold
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)


def curves(case: Case) -> tuple[dict, dict | None]:
    fold = assigned(case)
    own = out_of_fold(case, maker(case), fold)
    return learning_curve(case, fold, own), complexity_curve(case, fold, own, case.folds)


def test_least_squares_follow_their_law() -> None:
    x = RNG.normal(size=(800, 10))
    y = x @ RNG.normal(size=10) + 2.0 * RNG.normal(size=800)
    case = case_of_arrays(LinearRegression(), x, y)
    curve, complexity = curves(case)
    assert curve["rows"] == [40, 80, 160, 320, 640]
    errors = [band[0] for band in curve["cross_validation"]]
    noise = 4.0 / y.var()
    # sigma^2 (1 + p / (n - p - 1)), exact for normal columns: 4/3 at 40 rows, 1.016 at 640
    assert errors[0] / noise == pytest.approx(1 + 11 / 28, rel=0.15)
    assert errors[-1] / noise == pytest.approx(1.016, rel=0.1)
    assert curve["power_law"] is not None
    assert curve["ten_times"] == pytest.approx(noise, rel=0.1)
    assert complexity is None


def test_degree() -> None:
    x = RNG.uniform(-2, 2, (200, 1))
    y = x[:, 0] ** 3 - 2 * x[:, 0] + 0.3 * RNG.normal(size=200)
    _, curve = curves(case_of_arrays(make_pipeline(PolynomialFeatures(1), LinearRegression()), x, y))
    assert curve is not None
    assert (curve["setting"], curve["current"]) == ("polynomialfeatures__degree", 1)
    assert curve["one_standard_error"] == 3
    assert curve["gain"][1] > 0
    assert curve["train"][0] > curve["train"][-1]


def test_a_tree_without_a_bound_has_its_place_at_the_end() -> None:
    x = RNG.normal(size=(150, 2))
    y = np.sign(x[:, 0]) + 0.8 * RNG.normal(size=150)
    _, curve = curves(case_of_arrays(DecisionTreeRegressor(), x, y))
    assert curve is not None
    assert curve["values"] == [1, 2, 3, 5, 8, 16, None]
    assert curve["current"] is None
    assert curve["one_standard_error"] == 1


def test_what_is_set_is_tried_too_and_too_many_neighbours_are_not() -> None:
    x = RNG.normal(size=(50, 2))
    _, curve = curves(case_of_arrays(KNeighborsRegressor(4), x, x[:, 0]))
    assert curve is not None
    assert curve["values"] == [15, 7, 4, 3, 1]


def test_no_part_lacks_a_class() -> None:
    target = np.r_[np.zeros(30), np.ones(2), np.full(2, 2.0)]
    order = np.arange(34)
    assert with_every_class(target, order[:10], order).tolist() == [*range(10), 30, 32]
    x = np.c_[RNG.normal(size=(60, 2)), np.arange(60)]
    curve, _ = curves(case_of_arrays(LogisticRegression(max_iter=1000), x, (np.arange(60) > 55).astype(int)))
    assert len(curve["rows"]) >= 3
