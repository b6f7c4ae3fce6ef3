"""What was learned is the same after it was written and read, the same bytes each time; reading runs nothing."""

import functools
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification

from palestra.errors import UsageError
from palestra.learners.estimators import stored as module
from palestra.learners.estimators.catalogue import make_estimator
from palestra.learners.estimators.stored import NOT_STORED, Stored, check_storable

X, Y = make_classification(120, 6, n_informative=4, n_classes=3, random_state=0)
SOME = (
    "RandomForestClassifier", "HistGradientBoostingClassifier", "GradientBoostingClassifier", "LogisticRegression",
    "SVC", "KNeighborsClassifier", "GaussianNB", "MLPClassifier", "SGDClassifier", "AdaBoostClassifier",
    "BaggingClassifier", '["StandardScaler", "PCA", "LogisticRegression"]', "DummyClassifier", "RidgeClassifier",
    "XGBClassifier", '["StandardScaler", "XGBClassifier"]',
)  # fmt: skip


def fitted(text: str, seed: int = 0) -> Stored:
    if "XGB" in text:
        pytest.importorskip("xgboost")
    estimator = make_estimator(text)
    for name in [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]:
        estimator.set_params(**{name: seed})
    for name in estimator.get_params().keys() & {"n_estimators"}:  # few are stored as many are
        estimator.set_params(**{name: 10})
    if text == "HistGradientBoostingClassifier":
        estimator.set_params(max_iter=10)
    if text == "MLPClassifier":
        estimator.set_params(max_iter=3)
        estimator.partial_fit(X, Y, classes=[0, 1, 2])
    else:
        estimator.fit(X, Y)
    held = Stored(clone(estimator))
    held.estimator, held.fitted = estimator, True
    return held


@pytest.mark.parametrize("text", SOME)
def test_it_predicts_the_same_and_is_written_as_the_same_bytes(text: str) -> None:
    held = fitted(text)
    state = held.state_dict()
    again = Stored(make_estimator(text))
    assert again.load_state_dict(state) == []
    for other in (again, fitted(text)):
        for name in ("estimator", "booster"):
            np.testing.assert_array_equal(other.state_dict()[name], state[name])
    np.testing.assert_array_equal(again.estimator.predict(X), held.estimator.predict(X))
    if hasattr(held.estimator, "predict_proba"):
        np.testing.assert_array_equal(again.estimator.predict_proba(X), held.estimator.predict_proba(X))
    if text.startswith("RandomForest"):
        assert fitted(text, seed=1).state_dict()["estimator"].tolist() != state["estimator"].tolist()


def test_before_it_learned_anything_there_is_nothing() -> None:
    held = fitted("GaussianNB")
    empty = Stored(make_estimator("GaussianNB"))
    state = empty.state_dict()
    assert (state["estimator"].size, state["booster"].size, state["versions"]) == (0, 0, {})
    assert held.load_state_dict(state) == []
    assert not held.fitted
    assert not hasattr(held.estimator, "theta_")


class Foreign:
    """Of no library that is trusted."""


@pytest.mark.parametrize("foreign", [Foreign(), functools.partial(print, "read me"), np.testing.assert_equal])
def test_a_type_that_is_not_on_the_list_is_refused(foreign: Any) -> None:
    held = fitted("GaussianNB")
    held.estimator.planted = foreign
    state = held.state_dict()
    with pytest.raises(
        UsageError, match=r"an estimator with types that are not trusted: .*; expected what skops trusts"
    ):
        Stored(make_estimator("GaussianNB")).load_state_dict(state)


@pytest.mark.parametrize("name", ["RandomForestClassifier", "HistGradientBoostingClassifier"])
@pytest.mark.parametrize("side", ["left", "right", "column"])
def test_a_tree_that_leads_out_of_itself_is_refused(name: str, side: str) -> None:
    held = fitted(name)
    if name.startswith("Random"):
        nodes = held.estimator.estimators_[0].tree_.__getstate__()["nodes"].copy()
        nodes[{"left": "left_child", "right": "right_child", "column": "feature"}[side]][0] = 10**6
        held.estimator.planted = nodes
    else:
        nodes = held.estimator._predictors[0][0].nodes
        nodes[{"left": "left", "right": "right", "column": "feature_idx"}[side]][0] = 10**6
    state = held.state_dict()
    with pytest.raises(ValueError, match=r"a tree of \d+ nodes whose branches lead out of it or of its 6 columns"):
        Stored(make_estimator(name)).load_state_dict(state)


def test_damaged_bytes_are_no_estimator() -> None:
    state = fitted("GaussianNB").state_dict()
    with pytest.raises(Exception, match="zip"):
        Stored(make_estimator("GaussianNB")).load_state_dict({**state, "estimator": state["estimator"][:100]})


def test_what_another_version_wrote_is_said_not_to_be_exact() -> None:
    state = fitted("GaussianNB").state_dict()
    state["versions"] = {"sklearn": "0.1"}
    (note,) = Stored(make_estimator("GaussianNB")).load_state_dict(state)
    assert note.startswith("not exact: sklearn 0.1 wrote what sklearn ")


def test_what_cannot_be_written_is_refused_before_it_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOT_STORED", {**NOT_STORED, "GaussianNB": "a reason"})
    for text in ("GaussianNB", '["StandardScaler", "GaussianNB"]'):
        with pytest.raises(UsageError, match="estimator GaussianNB, which cannot be stored: a reason"):
            check_storable(make_estimator(text))
    pytest.importorskip("xgboost")
    with pytest.raises(UsageError, match="XGBClassifier within BaggingClassifier; expected it alone"):
        check_storable(make_estimator("BaggingClassifier", {"estimator": "XGBClassifier"}))
    check_storable(make_estimator('["StandardScaler", "XGBClassifier"]'))
