"""Trainings without a recipe: any estimator and any algorithm on any data set, or on a table of one's own."""

from pathlib import Path
from typing import Any

import pytest

import palestra
from palestra.errors import UsageError
from palestra.trials.adhoc import data_recipe, estimator_recipe


@pytest.mark.parametrize(
    ("estimator", "data", "overrides", "recipe", "learner", "budget"),
    [
        ("RandomForestClassifier", "iris", {}, "iris/randomforestclassifier", "library-classifier", 100),
        ("ExtraTreesClassifier", "iris", {"n_estimators": "30"}, "iris/extratreesclassifier", "library-classifier", 30),
        ("Ridge", "toy/polynomial", {"alpha": "2"}, "toy-polynomial/ridge", "library-regressor", 1),
        ('["StandardScaler", "SVC"]', "iris", {"svc__C": 3}, "iris/standardscaler-svc", "library-classifier", 1),
        ("KMeans", "iris", {"n_clusters": 3}, "iris/kmeans", "library-clusterer", 1),
        ("MiniBatchKMeans", "iris", {}, "iris/minibatchkmeans", "library-clusterer", 50),
        ("IsolationForest", "toy/outliers", {}, "toy-outliers/isolationforest", "library-detector", 100),
        ("GaussianMixture", "toy/outliers", {}, "toy-outliers/gaussianmixture", "library-detector", 1),
        ("PCA", "digits", {}, "digits/pca", "library-transformer", 1),
        ("GridSearchCV", "iris", {"estimator": "x"}, "", "", 0),
    ],
)  # fmt: skip
def test_what_is_asked_for(
    estimator: str, data: str, overrides: dict[str, Any], recipe: str, learner: str, budget: int
) -> None:
    if not recipe:
        with pytest.raises(UsageError, match="unknown estimator 'x'"):
            estimator_recipe(estimator, data, None, overrides)
        return
    made = estimator_recipe(estimator, data, None, overrides)
    assert (made.id, made.learner, made.budget, made.settings) == (recipe, learner, budget, {"estimator": estimator})
    assert estimator_recipe(estimator, data, 70, overrides).budget == 70


def test_labels_or_none() -> None:
    paradigms = {"RandomForestClassifier": "supervised", "Ridge": "supervised", "DBSCAN": "unsupervised"}
    assert {name: estimator_recipe(name, "iris", None, {}).paradigm for name in paradigms} == paradigms
    learners = {
        "mlp": "supervised", "k-means": "unsupervised", "pca": "unsupervised", "gaussian-anomaly": "unsupervised",
        "matrix-factorisation": "unsupervised", "association-rules": "unsupervised", "decision-tree": "supervised",
    }  # fmt: skip
    assert {name: data_recipe(name, "iris", 1).paradigm for name in learners} == learners


def test_a_table_without_a_target_is_for_what_learns_without_labels(tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text("a,b,c\n" + "".join(f"{i % 7},{i % 2 * 10 + i % 3},x{i % 2}\n" for i in range(60)))
    recipe = estimator_recipe("KMeans", str(table), None, {"n_clusters": 2})
    outcome = palestra.train(recipe, {"n_clusters": 2}, out=tmp_path / "runs", tensorboard=False)
    assert outcome.metrics["eval/silhouette"] > 0.4
    with pytest.raises(UsageError, match="without a target; expected the column to predict"):
        estimator_recipe("Ridge", str(table), None, {})
    with pytest.raises(
        UsageError, match="'own/table', which has no targets, for a classifier; expected a target for ev"
    ):
        palestra.train(data_recipe("mlp", str(table), 10), out=tmp_path / "runs")


def test_an_algorithm_on_data() -> None:
    made = data_recipe("mlp", "toy/two-blobs", 500)
    assert (made.id, made.learner, made.dataset, made.budget) == ("toy-two-blobs/mlp", "mlp", "toy/two-blobs", 500)
    with pytest.raises(UsageError, match="unknown algorithm 'mpl'; nearest: mlp"):
        data_recipe("mpl", "digits", 500)


def test_a_table_of_ones_own_is_trained_on(tmp_path: Path) -> None:
    table = tmp_path / "My Houses.csv"
    table.write_text("size,kind,price\n" + "".join(f"{i % 9},{'ab'[i % 2]},{100 + 10 * (i % 9)}\n" for i in range(60)))
    given = {"dataset.kwargs.target": "price", "n_estimators": 20}
    recipe = estimator_recipe("RandomForestRegressor", str(table), None, given)
    assert recipe.id == "my-houses/randomforestregressor"
    outcome = palestra.train(recipe, given, out=tmp_path / "runs", tensorboard=False)
    assert (outcome.ending, outcome.steps, outcome.clock_unit) == ("finished", 20, "rounds")
    assert outcome.metrics["eval/rmse"] < 15
    found = palestra.evaluate(outcome.path)
    assert found.score < 15
