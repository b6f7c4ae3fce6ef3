"""Out-of-fold predictions are scikit-learn's own, row by row."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

from palestra.errors import UsageError
from palestra.trials.report.case import assigned
from palestra.trials.report.fits import maker, out_of_fold
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4))
LABELS = (X[:, 0] + RNG.normal(size=90) > 0).astype(int) + (X[:, 1] > 1)


def test_classes() -> None:
    case = case_of_arrays(LogisticRegression(), X, LABELS)
    fold = assigned(case)
    found = out_of_fold(case, maker(case), fold)
    expected = cross_val_predict(LogisticRegression(), X, LABELS, cv=PredefinedSplit(fold))
    share = cross_val_predict(LogisticRegression(), X, LABELS, cv=PredefinedSplit(fold), method="predict_proba")
    assert found.predicted.tolist() == expected.tolist()
    assert found.held.mean() == pytest.approx((expected != LABELS).mean())
    np.testing.assert_allclose(found.share, share)


def test_numbers_and_training() -> None:
    target = X @ [1.0, 2.0, 3.0, 4.0]
    case = case_of_arrays(DecisionTreeRegressor(), X, target)
    found = out_of_fold(case, maker(case), assigned(case))
    assert found.train.max() == 0  # a tree to its leaves knows what it saw
    assert found.held.mean() > 0.05
    assert found.share is None


def test_a_decision_function_stands_for_probabilities() -> None:
    case = case_of_arrays(LinearSVC(), X, LABELS > 0)
    found = out_of_fold(case, maker(case), assigned(case))
    assert found.share is not None
    np.testing.assert_allclose(found.share.sum(1), 1)
    assert (found.share.argmax(1) == found.predicted).all()


def test_a_training_of_one_class_is_sure_of_it() -> None:
    case = case_of_arrays(HistGradientBoostingClassifier(max_iter=2), X[:20], np.arange(20) > 15)
    found = out_of_fold(case, maker(case), np.where(np.arange(20) > 15, 0, 1))  # boosting has two columns of it
    assert found.share is not None
    assert found.share[16:].tolist() == [[1.0, 0.0]] * 4


def test_settings_and_seeds() -> None:
    case = case_of_arrays(DecisionTreeRegressor(), X, X[:, 0], seed=5)
    assert maker(case, {"max_depth": 3})().get_params()["max_depth"] == 3
    assert maker(case)().get_params()["random_state"] == 5


def test_what_the_estimator_refuses_is_one_line() -> None:
    case = case_of_arrays(Ridge(), np.where(X > 2, np.nan, X), X[:, 0])
    with pytest.raises(UsageError, match=r"Ridge refused 72 rows: Input X contains NaN") as error:
        out_of_fold(case, maker(case), assigned(case))
    assert "\n" not in str(error.value)
