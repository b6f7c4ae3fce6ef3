"""What trees say of rows that they did not draw is scikit-learn's, and is asked of each tree once."""

import numpy as np
import pytest
from sklearn.datasets import make_classification

from palestra.learners.estimators.catalogue import make_estimator
from palestra.learners.estimators.out_of_bag import OutOfBag

X, Y = make_classification(150, 6, n_informative=4, n_classes=3, random_state=0)


@pytest.mark.parametrize("name", ["RandomForestClassifier", "RandomForestRegressor"])
def test_in_parts_it_is_scikit_learns(name: str) -> None:
    forest = make_estimator(name, {"n_estimators": 60, "oob_score": True, "random_state": 1}).fit(X, Y)
    bag = OutOfBag.of(forest, len(X), 3 if name.endswith("Classifier") else 1)
    assert bag is not None
    whole = forest.estimators_
    for begin, end in ((0, 20), (20, 60)):
        forest.estimators_ = whole[:end]
        bag.add(forest, X, begin)
    asked, mean = bag.mean()
    theirs = forest.oob_decision_function_ if name.endswith("Classifier") else forest.oob_prediction_[:, None]
    assert asked.all()
    np.testing.assert_allclose(mean, theirs, rtol=1e-12)


def test_a_row_that_all_trees_drew_is_not_judged() -> None:
    forest = make_estimator("RandomForestClassifier", {"n_estimators": 1, "random_state": 1}).fit(X, Y)
    bag = OutOfBag(len(X), 3)
    bag.add(forest, X, 0)
    asked, mean = bag.mean()
    drawn = np.unique(forest.estimators_samples_[0])
    assert set(np.flatnonzero(~asked)) == set(drawn)
    assert len(mean) == len(X) - len(drawn)


def test_who_has_none() -> None:
    for name in ("ExtraTreesClassifier", "BaggingClassifier", "GaussianNB"):
        assert OutOfBag.of(make_estimator(name), 5, 2) is None
    assert OutOfBag.of(make_estimator("RandomForestClassifier", {"bootstrap": False}), 5, 2) is None
    assert OutOfBag.of(make_estimator("ExtraTreesClassifier", {"bootstrap": True}), 5, 2) is not None
