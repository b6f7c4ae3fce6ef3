"""Rounds in parts come to what scikit-learn's and XGBoost's own fit comes to."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression

from palestra.datasets.order import permutation
from palestra.learners.estimators.catalogue import make_estimator
from palestra.learners.estimators.rounds import EPOCHS, GROWN, ROUNDS, most_rounds, parted, way_of

LABELLED = make_classification(300, 8, n_informative=5, n_classes=3, random_state=0)
VALUED = make_regression(200, 6, noise=3.0, random_state=0)


def made(name: str, **arguments: Any) -> Any:
    estimator = make_estimator(name, arguments)
    return estimator.set_params(random_state=5)


def in_parts(estimator: Any, rows: Any, ends: tuple[int, ...], seed: int = 0) -> Any:
    way, begin = way_of(estimator), 0
    for end in ends:
        assert way.fit(estimator, rows, range(begin, end), seed) == end
        begin = end
    return estimator


def said(estimator: Any, inputs: Any) -> Any:
    return estimator.predict_proba(inputs) if hasattr(estimator, "predict_proba") else estimator.predict(inputs)


@pytest.mark.parametrize("name", GROWN)
def test_what_grows_in_parts_is_what_its_own_fit_gives(name: str) -> None:
    rows = LABELLED if name.endswith("Classifier") else VALUED
    whole = made(name, **{GROWN[name]: 24}).fit(*rows)
    parts = in_parts(made(name), rows, (5, 6, 24))
    elsewhere = rows[0] + 0.3
    np.testing.assert_allclose(said(parts, elsewhere), said(whole, elsewhere), rtol=1e-9)
    fewer = in_parts(made(name), rows, (5,))
    assert abs(said(fewer, elsewhere) - said(whole, elsewhere)).max() > 1e-3


@pytest.mark.parametrize(("name", "rows"), [("XGBClassifier", LABELLED), ("XGBRegressor", VALUED)])
def test_xgboost_in_parts_is_what_its_own_fit_gives(name: str, rows: Any) -> None:
    pytest.importorskip("xgboost")
    settings: dict[str, Any] = {"n_jobs": 1, "max_depth": 3}
    whole = made(name, n_estimators=24, **settings).fit(*rows)
    parts = in_parts(made(name, **settings), rows, (5, 6, 24))
    np.testing.assert_allclose(said(parts, rows[0]), said(whole, rows[0]), rtol=2e-4, atol=1e-4)
    assert parts.get_booster().num_boosted_rounds() == 24


def test_xgboost_draws_other_rows_after_every_beginning() -> None:
    pytest.importorskip("xgboost")
    settings: dict[str, Any] = {"n_jobs": 1, "max_depth": 3, "subsample": 0.5, "learning_rate": 1e-6}
    trees = in_parts(made("XGBRegressor", **settings), VALUED, (1, 2)).get_booster().get_dump()
    assert trees[0] != trees[1]  # with so small a step only the drawn rows differ


def test_an_epoch_is_one_pass_in_an_order_of_its_own() -> None:
    inputs, labels = LABELLED
    parts = in_parts(made("SGDClassifier"), LABELLED, (1, 3), seed=9)
    theirs = made("SGDClassifier")
    for epoch in range(3):
        order = permutation(9, epoch, len(inputs)).numpy()
        theirs.partial_fit(inputs[order], labels[order], classes=[0, 1, 2])
    np.testing.assert_array_equal(parts.coef_, theirs.coef_)
    assert parts.coef_.tolist() != in_parts(made("SGDClassifier"), LABELLED, (1, 3), seed=8).coef_.tolist()
    regressor = in_parts(made("SGDRegressor"), VALUED, (2, 5))
    assert regressor.score(*VALUED) > 0.9


@pytest.mark.parametrize(
    ("name", "arguments", "counted", "usual", "most"),
    [
        ("RandomForestClassifier", {}, "n_estimators", 100, None),
        ("RandomForestClassifier", {"n_estimators": 30}, "n_estimators", 30, 30),
        ("HistGradientBoostingRegressor", {"max_iter": 7}, "max_iter", 7, 7),
        ("SGDClassifier", {}, "max_iter", EPOCHS, None),
        ("SGDClassifier", {"max_iter": 5}, "max_iter", 5, 5),
        ("MLPRegressor", {"solver": "lbfgs"}, "", 1, 1),
        ("MLPClassifier", {"early_stopping": True}, "", 1, 1),
        ("BaggingClassifier", {"oob_score": True}, "", 1, 1),
        ("GaussianNB", {}, "", 1, 1),
        ("SVC", {}, "", 1, 1),
    ],
)
def test_who_has_rounds_and_how_many(
    name: str, arguments: dict[str, Any], counted: str, usual: int, most: int | None
) -> None:
    estimator = make_estimator(name, arguments)
    way = way_of(estimator)
    assert (way.counted, way.usual, most_rounds(estimator, named=False)) == (counted, usual, most)
    if counted:
        assert most_rounds(estimator, named=True) == usual


def test_xgboosts_number_of_rounds() -> None:
    pytest.importorskip("xgboost")
    assert way_of(make_estimator("XGBClassifier")).usual == ROUNDS
    assert most_rounds(make_estimator("XGBClassifier"), named=False) is None
    assert most_rounds(make_estimator("XGBClassifier", {"n_estimators": 9}), named=True) == 9


def test_who_ends_by_itself_says_so() -> None:
    noise = np.random.default_rng(0)
    rows = noise.normal(size=(200, 4)), noise.integers(0, 2, 200)
    stopping = made("HistGradientBoostingClassifier", early_stopping=True, n_iter_no_change=2)
    assert way_of(stopping).fit(stopping, rows, range(60), 0) < 60


def test_a_pipeline_is_parted_before_its_last_step() -> None:
    head, last = parted(make_estimator('["StandardScaler", "PCA", "SVC"]'))
    assert ([*head.named_steps], type(last).__name__) == (["standardscaler", "pca"], "SVC")
    for alone in ("SVC", '["SVC"]'):
        head, last = parted(make_estimator(alone))
        assert (head, type(last).__name__) == (None, "SVC")
