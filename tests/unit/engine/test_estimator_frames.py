"""Every estimator of ours that takes a table: frames of pandas and polars in, names out, searches, and a notebook."""

import copy
import pickle
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import palestra
from palestra.engine.estimator import estimator
from palestra.errors import UsageError

pytest.importorskip("sklearn")
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

OURS: dict[str, dict[str, Any]] = {
    "LinearRegression": {"solver": "closed-form", "budget": 1},
    "RegressionTree": {},
    "SoftmaxRegression": {"budget": 2_000},
    "MultilayerPerceptron": {"budget": 2_000, "hidden_sizes": (8,)},
    "DecisionTree": {},
    "GaussianAnomaly": {"budget": 1},
    "KMeans": {"groups": 2, "budget": 1_000},
    "PCA": {"components": 2, "budget": 1},
    "Autoencoder": {"code": 2, "hidden_sizes": (4,), "budget": 500},
}
"""Name to arguments with which a training is over soon."""
NAMES = ["height", "weight", "age"]
each = pytest.mark.parametrize("name", OURS)
each_frame = pytest.mark.parametrize("library", ["pandas", "polars"])


def made(name: str, **settings: Any) -> Any:
    return estimator(getattr(palestra, name))(**{**OURS[name], **settings})


def rows() -> tuple[NDArray[Any], NDArray[Any]]:
    """Two clouds of three columns, and whose each is."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    return rng.normal(size=(60, 3)) + 3 * y[:, None], y


def frame(library: str, x: NDArray[Any], names: list[str] = NAMES) -> Any:
    return pytest.importorskip(library).DataFrame({name: x[:, j] for j, name in enumerate(names)})


@each
@each_frame
def test_a_frame_is_its_numbers_and_its_names_are_remembered(name: str, library: str) -> None:
    x, y = rows()
    table = frame(library, x)
    by_frame, by_array = made(name).fit(table, y), made(name).fit(x, y)
    assert by_frame.feature_names_in_.tolist() == NAMES
    assert not hasattr(by_array, "feature_names_in_")
    np.testing.assert_array_equal(by_frame.predict(table), by_array.predict(x))
    assert by_frame.score(table, y) == pytest.approx(by_array.score(x, y))
    with pytest.raises(ValueError, match="feature names should match"):
        by_frame.predict(frame(library, x, ["age", "weight", "height"]))
    column = pytest.importorskip(library).Series(y)
    np.testing.assert_array_equal(made(name).fit(table, column).predict(table), by_array.predict(x))


@pytest.mark.parametrize("name", ["PCA", "Autoencoder"])
@each_frame
def test_what_transforms_names_what_comes_out(name: str, library: str) -> None:
    x, y = rows()
    table = frame(library, x)
    fitted = made(name).set_output(transform=library).fit(table, y)
    prefix = f"{name.lower()}estimator"
    assert fitted.get_feature_names_out().tolist() == [f"{prefix}0", f"{prefix}1"]
    out = fitted.transform(table)
    assert type(out) is type(table)
    assert list(out.columns) == [f"{prefix}0", f"{prefix}1"]
    np.testing.assert_allclose(out.to_numpy(), made(name).fit(x).transform(x))
    piped = make_pipeline(StandardScaler(), made(name)).fit(table)
    assert piped.get_feature_names_out().tolist() == [f"{prefix}0", f"{prefix}1"]
    parts = ColumnTransformer([("two", made(name), NAMES[:2])], remainder="passthrough").fit(table)
    assert parts.get_feature_names_out().tolist() == [f"two__{prefix}0", f"two__{prefix}1", "remainder__age"]


@each
def test_it_is_searched_in_a_pipeline(name: str) -> None:
    x, y = rows()
    piped = make_pipeline(StandardScaler(), made(name))
    step = piped.steps[-1][0]
    search = GridSearchCV(piped, {f"{step}__seed": [0, 1]}, cv=2).fit(x, y)
    assert search.best_params_.keys() == {f"{step}__seed"}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(x).shape[0] == len(x)


@each
def test_a_notebook_shows_it(name: str) -> None:
    asked = made(name, seed=12_345)
    shown = asked._repr_html_()
    assert type(asked).__name__ in shown
    assert "12345" in shown
    assert not re.search(r"(src|href)=.https?:[^>]*(js|css)\b", shown)  # it fetches nothing


def test_pairs_are_whole_numbers_whatever_they_are_given_as() -> None:
    rng = np.random.default_rng(0)
    pairs = np.stack([rng.integers(0, 12, 400), rng.integers(0, 9, 400)], 1)
    stars = 3.0 + rng.normal(size=12)[pairs[:, 0]] + 0.5 * rng.normal(size=9)[pairs[:, 1]]
    kind = estimator(palestra.MatrixFactorisation)
    fitted = kind(factors=0, batch_size=64, budget=40_000).fit(pairs.astype(float), stars)
    assert fitted.score(pairs, stars) > 0.9
    with pytest.raises(UsageError, match=r"row 0 of X: \[0.5, 1.0\]; expected numbers of things, whole ones from 0"):
        fitted.predict([[0.5, 1.0]])
    with pytest.raises(UsageError, match="row 1: film 9; expected one from 0 to 8, as in training"):
        fitted.predict([[0, 1], [0, 9]])


def test_of_baskets_it_says_what_goes_with_them() -> None:
    rng = np.random.default_rng(0)
    baskets = (rng.random((300, 4)) < 0.4).astype(float)
    baskets[:, 3] = baskets[:, 0]
    fitted = estimator(palestra.AssociationRules)(support=0.05, budget=10**6).fit(baskets)
    assert fitted.predict([[1.0, 0.0, 0.0, 0.0]]).tolist() == [3]
    with pytest.raises(UsageError, match="whose rows have no answers beside them"):
        fitted.score(baskets)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["LinearRegression", "RegressionTree", "MultilayerPerceptron", "Autoencoder"])
def test_it_passes_the_checks_of_scikit_learn(name: str) -> None:
    more = {"code": 1} if name == "Autoencoder" else {}  # rows of one column, of which some checks are, have no more
    results = check_estimator(made(name, budget=3_000, **more), on_skip=None, on_fail=None)
    assert len(results) > 30
    other = {result["check_name"]: result for result in results if result["status"] != "passed"}
    assert other.keys() <= {"check_array_api_input"}, other


def test_what_learns_by_descent_is_sent_to_another_process_and_copied() -> None:
    x, _ = rows()
    fitted = made("Autoencoder").fit(x)
    for other in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(other.transform(x), fitted.transform(x))
        assert other.learner_.clock == fitted.learner_.clock
