"""Losses in one unit, and folds in which every class or every group has its place."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from palestra.trials.report.case import assigned, balanced_groups
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)


def test_losses() -> None:
    classes = case_of_arrays(DummyClassifier(), np.ones((6, 2)), list("aabbab"))
    assert classes.classes == ("a", "b")
    assert classes.losses(np.zeros(6), classes.development.target).tolist() == [0, 0, 1, 1, 0, 1]
    target = np.arange(6.0)
    numbers = case_of_arrays(DummyRegressor(), np.ones((6, 2)), target)
    assert numbers.losses(np.full(6, 2.5), target).mean() == pytest.approx(1.0)  # knowing nothing is 1


def test_folds_spread_the_classes() -> None:
    case = case_of_arrays(DummyClassifier(), np.ones((53, 1)), np.r_[np.zeros(40), np.ones(13)])
    fold = assigned(case)
    assert np.bincount(fold).tolist() in [[11, 11, 11, 10, 10], [10, 11, 11, 11, 10]] or np.ptp(np.bincount(fold)) <= 1
    rare = np.bincount(fold[case.development.target == 1], minlength=5)
    assert rare.min() >= 2
    assert fold.tolist() == assigned(case).tolist()
    assert fold.tolist() != assigned(case, 1).tolist()


def test_groups_stay_together() -> None:
    group = RNG.integers(0, 12, 100)
    fold = balanced_groups(group, 4, np.random.default_rng(0))
    assert all(len(set(fold[group == each])) == 1 for each in range(12))
    assert np.bincount(fold).min() >= 15
    case = case_of_arrays(DummyRegressor(), np.ones((100, 1)), RNG.normal(size=100), group=group)
    assert all(len(set(assigned(case)[group == each])) == 1 for each in range(12))
    assert any(len(set(assigned(case, grouped=False)[group == each])) > 1 for each in range(12))


def test_rows_are_taken_with_all_that_is_known() -> None:
    rows = np.arange(8.0).reshape(4, 2)
    case = case_of_arrays(DummyRegressor(), rows, np.arange(4), group=list("abab"), time=[4, 3, 2, 1], folds=2)
    some = case.development.taken(np.array([3, 0]))
    assert some.group is not None
    assert some.time is not None
    assert (some.number.tolist(), some.group.tolist(), some.time.tolist()) == ([4, 1], [1, 0], [1, 4])
    assert some.flat.tolist() == [[6, 7], [0, 1]]
