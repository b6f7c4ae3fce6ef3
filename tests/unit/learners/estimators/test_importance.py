"""Columns that count: those that scikit-learn says, and of histogram boosting those that its splits gain by."""

import numpy as np
import pytest
from sklearn.datasets import make_regression

from palestra.learners.estimators.catalogue import make_estimator
from palestra.learners.estimators.importance import importance

X, Y = make_regression(300, 6, n_informative=2, noise=1.0, random_state=0, shuffle=True)
INFORMATIVE = set(np.argsort(-abs(np.corrcoef(X.T, Y)[-1, :-1]))[:2].tolist())


@pytest.mark.parametrize(
    "text",
    [
        "RandomForestRegressor", "HistGradientBoostingRegressor", "GradientBoostingRegressor", "Ridge",
        '["StandardScaler", "Ridge"]', "XGBRegressor",
    ],
)  # fmt: skip
def test_the_columns_that_say_something_count_most(text: str) -> None:
    if "XGB" in text:
        pytest.importorskip("xgboost")
    found = importance(make_estimator(text).fit(X, Y))
    assert found is not None
    _, share = found
    assert share.shape == (6,)
    assert share.sum() == pytest.approx(1, abs=1e-5)
    assert set(np.argsort(-share)[:2].tolist()) == INFORMATIVE
    assert share[sorted(INFORMATIVE)].sum() > 0.8


def test_of_a_forest_it_is_scikit_learns() -> None:
    forest = make_estimator("RandomForestRegressor", {"random_state": 0}).fit(X, Y)
    said, share = importance(forest) or ("", None)
    np.testing.assert_allclose(share, forest.feature_importances_)
    assert said == "what their splits gained"


def test_where_nothing_can_be_said() -> None:
    assert importance(make_estimator("KNeighborsRegressor").fit(X, Y)) is None
    assert importance(make_estimator("DummyRegressor").fit(X, Y)) is None
    in_order = make_estimator("HistGradientBoostingRegressor", {"categorical_features": [0]})
    assert importance(in_order.fit(np.c_[(X[:, :1] > 0), X[:, 1:]], Y)) is None
