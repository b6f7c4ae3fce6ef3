"""Estimators by their names: scikit-learn's own list is the oracle, and nothing else is ever imported."""

import sys
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from palestra.errors import UsageError
from palestra.learners.estimators.catalogue import (
    BOOSTERS,
    LEFT_OUT,
    Columns,
    kind_of,
    make_estimator,
    names,
    parameters,
)

TEXTS = {
    "DictVectorizer",
    "FeatureHasher",
    "HashingVectorizer",
    "TfidfTransformer",
    "CountVectorizer",
    "PatchExtractor",
    "TfidfVectorizer",
}


def test_the_list_is_scikit_learns_less_what_makes_no_sense() -> None:
    kinds = ["classifier", "regressor", "cluster", "transformer"]
    theirs = {name for name, cls in all_estimators(kinds) if cls.__module__.startswith("sklearn.")}
    wanted = theirs - TEXTS - LEFT_OUT.keys()
    enabled_by_hand = {"IterativeImputer", "HalvingGridSearchCV", "HalvingRandomSearchCV"}
    assert wanted - set(names()) <= enabled_by_hand
    more = set(names()) - wanted - set(BOOSTERS)
    assert {"IsolationForest", "GridSearchCV", "GaussianMixture"} <= more
    assert len(more) < 30
    assert not LEFT_OUT.keys() & set(names())


@pytest.mark.parametrize(
    "text", ["RandomForestClassifier", "sklearn.ensemble.RandomForestClassifier", " RandomForestClassifier "]
)
def test_a_name_with_and_without_its_module(text: str) -> None:
    made = make_estimator(text, {"n_estimators": 7})
    assert type(made) is RandomForestClassifier
    assert (made.n_estimators, kind_of(made)) == (7, "classifier")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Ridge", "regressor"), ("KMeans", "clusterer"), ("IsolationForest", "outlier_detector"), ("PCA", None)],
)
def test_kinds(text: str, kind: str | None) -> None:
    assert kind_of(make_estimator(text)) == kind
    assert kind_of(make_estimator(f'["StandardScaler", "{text}"]')) == kind


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RandomForrest", "unknown estimator 'RandomForrest'; nearest: RandomForest"),
        (
            "sklearn.svm.RandomForestClassifier",
            "unknown estimator 'RandomForestClassifier'; nearest: RandomForestClassifier",
        ),
        ("os.system", "unknown estimator 'os.system'"),
        ("sklearn.datasets.load_iris", "unknown estimator 'sklearn.datasets.load_iris'"),
        ("sklearn.feature_extraction.text.TfidfVectorizer", "unknown estimator"),
        ("sklearn.ensemble.np", "unknown estimator 'np'"),
        ("BaseEnsemble", "unknown estimator 'BaseEnsemble'"),
        ("Pipeline", r"estimator Pipeline; expected a list of steps"),
        ("FunctionTransformer", "expected a transformer that has a name of its own"),
        ('["StandardScaler", "SVC"', r"pipeline .* at character \d+; expected JSON, such as"),
        ("[]", r"pipeline \[\]; expected a list of steps, at least one"),
        ("[3]", "3 for an estimator; expected a name"),
    ],
)
def test_what_is_no_estimator(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_estimator(text)


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("SVC", {"c": 1}, "unknown argument of SVC 'c'; nearest: C"),
        ("SVC", {"C": -1.0}, "The 'C' parameter of SVC must be .* Got -1.0 instead"),
        ('["StandardScaler", ["SVC", {"kernel": "curved"}]]', {}, "The 'kernel' parameter of SVC must be"),
        ('["StandardScaler", "SVC"]', {"svc__D": 1}, "unknown argument of Pipeline 'svc__D'; nearest: svc__C"),
        ('["StandardScaler", "SVC"]', {"memory": "cache"}, "memory='cache'; expected none: what a folder remembers"),
        ("AgglomerativeClustering", {"memory": "cache"}, "memory='cache'; expected none"),
        ("OneVsRestClassifier", {}, "OneVsRestClassifier without estimator; expected them as its arguments"),
        ("AdaBoostClassifier", {"estimator": ["DecisionTreeClassifier", {"max_depht": 1}]}, "nearest: max_depth"),
    ],
)  # fmt: skip
def test_what_is_no_argument(text: str, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        make_estimator(text, arguments)
    assert "\n" not in str(caught.value)


def test_a_pipeline_and_its_arguments_by_path() -> None:
    made = make_estimator('["StandardScaler", ["LogisticRegression", {"C": 2}]]', {"logisticregression__tol": 0.1})
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=2, tol=0.1))
    assert isinstance(made, Pipeline)
    assert [(name, type(step)) for name, step in made.steps] == [(name, type(step)) for name, step in theirs.steps]
    assert made.get_params()["logisticregression__C"] == 2
    assert made.get_params()["logisticregression__tol"] == 0.1
    assert type(make_estimator('["LogisticRegression", {"C": 2}]')) is LogisticRegression


def test_tuples_come_as_lists() -> None:
    assert make_estimator("MinMaxScaler", {"feature_range": [0, 2]}).feature_range == (0, 2)
    made = make_estimator('["MinMaxScaler", "Ridge"]', {"minmaxscaler__feature_range": [0, 2]})
    assert made.steps[0][1].feature_range == (0, 2)
    assert type(made.steps[0][1]) is MinMaxScaler


def test_estimators_within_estimators() -> None:
    made = make_estimator("AdaBoostClassifier", {"estimator": ["DecisionTreeClassifier", {"max_depth": 3}]})
    assert (type(made), type(made.estimator), made.estimator.max_depth) == (
        AdaBoostClassifier,
        DecisionTreeClassifier,
        3,
    )
    voting = make_estimator("VotingClassifier", {"estimators": ["GaussianNB", ["SVC", {"C": 3}], "GaussianNB"]})
    assert [name for name, _ in voting.estimators] == ["gaussiannb-1", "svc", "gaussiannb-2"]
    assert voting.estimators[1][1].C == 3
    deep = make_estimator("GridSearchCV", {"estimator": ["StandardScaler", "SVC"], "param_grid": {"svc__C": [1, 2]}})
    assert isinstance(deep.estimator, Pipeline)
    assert make_estimator("AdaBoostClassifier", {"estimator": None}).estimator is None
    assert make_estimator("BaggingClassifier", {"estimator": "SVC", "estimator__C": 5}).estimator.C == 5


MIXED = np.array([[1.0, "a", 5.0], [np.nan, "b", 7.0], [3.0, "a", 9.0], [4.0, "c", 1.0]], dtype=object)


def test_a_table_of_numbers_and_words() -> None:
    made = make_estimator('["table", "LogisticRegression"]', columns=Columns(numbers=(0, 2), words=(1,)))
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    theirs = ColumnTransformer([("numbers", numbers, [0, 2]), ("words", words, [1])])
    np.testing.assert_array_equal(made[:-1].fit_transform(MIXED), theirs.fit_transform(MIXED))
    made.fit(MIXED, [0, 1, 0, 1])
    unknown = np.array([[2.0, "never seen", 3.0]], dtype=object)
    assert made.predict(unknown).shape == (1,)


def test_columns_by_place_and_those_of_a_kind_that_is_not_there() -> None:
    made = make_estimator('[{"0,2": ["SimpleImputer"], "1": "OneHotEncoder"}, "LogisticRegression"]')
    assert made[:-1].fit_transform(MIXED).shape == (4, 5)
    alone = make_estimator('["table", "Ridge"]', columns=Columns(numbers=(0, 2)))
    assert [name for name, _, _ in alone.steps[0][1].transformers] == ["numbers"]
    with pytest.raises(UsageError, match="columns numbers, words of a table that has none such"):
        make_estimator('["table", "Ridge"]', columns=Columns())


def test_arguments_that_a_class_hands_on() -> None:
    class Above:
        def __init__(self, a: int = 1, **rest: Any): ...

    class Below(Above):
        def __init__(self, b: int = 2, **rest: Any): ...

    class Closed(Above):
        def __init__(self, c: int = 3): ...

    assert [*parameters(Below)] == ["a", "b"]
    assert [*parameters(Closed)] == ["c"]


@pytest.mark.parametrize(("name", "module"), [("XGBClassifier", "xgboost"), ("LogisticRegression", "sklearn.base")])
def test_what_is_not_installed_is_asked_for(name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=r"needs the \[ml\] extra: .*pip install"):
        make_estimator(name)


def test_xgboost() -> None:
    pytest.importorskip("xgboost")
    made = make_estimator("XGBRegressor", {"n_estimators": 3, "max_depth": 2})
    assert (made.get_params()["max_depth"], kind_of(made)) == (2, "regressor")
    assert kind_of(make_estimator("xgboost.XGBClassifier")) == "classifier"
    with pytest.raises(UsageError, match="unknown argument of XGBClassifier 'max_dept'; nearest: max_depth"):
        make_estimator("XGBClassifier", {"max_dept": 2})
