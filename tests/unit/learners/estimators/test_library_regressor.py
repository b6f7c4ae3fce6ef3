"""Regressors: scikit-learn's numbers, and a forest's error on the rows that its trees did not see."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from palestra.errors import UsageError
from palestra.learners.estimators.library_regressor import LibraryRegressor, LibraryRegressorConfig


def make(estimator: str, **arguments: Any) -> LibraryRegressor:
    return LibraryRegressor("diabetes", LibraryRegressorConfig(estimator, arguments, 20), seed=0)


@pytest.mark.parametrize("estimator", ["Ridge", "RandomForestRegressor", "KNeighborsRegressor"])
def test_its_numbers_are_scikit_learns(estimator: str) -> None:
    learner = make(estimator).learn(20)
    inputs, targets = learner.splits["test"]
    theirs = learner.model.estimator.predict(inputs.numpy())
    np.testing.assert_array_equal(learner.predict(inputs.numpy()), theirs)
    assert targets is not None
    found = learner.evaluate(split="test").score
    assert found == pytest.approx(float(np.sqrt(np.mean((theirs - targets.numpy()) ** 2))))
    assert learner.rows[0].dtype == np.float64


def test_out_of_bag_is_near_the_error_on_rows_held_back_and_far_from_that_on_its_own() -> None:
    learner = make("RandomForestRegressor", n_estimators=100)
    while not learner.finished:
        report = learner.step()
    held_back = learner.evaluate().score
    own, _ = learner.rows
    assert np.sqrt(np.mean((learner.model.estimator.predict(own) - learner.rows[1]) ** 2)) < 0.6 * held_back
    assert report["train/oob_rmse"] == pytest.approx(held_back, rel=0.15)
    forest = learner.model.estimator
    theirs = clone(forest).set_params(oob_score=True).fit(*learner.rows)
    wrong = theirs.oob_prediction_ - learner.rows[1]
    assert report["train/oob_rmse"] == pytest.approx(np.sqrt(np.mean(wrong**2)), rel=1e-9)
    assert "train/oob_rmse" not in make("ExtraTreesRegressor").step()


def test_a_classifier_is_none() -> None:
    with pytest.raises(UsageError, match="SVC, a classifier, as a regressor; expected a regressor"):
        make("SVC")
