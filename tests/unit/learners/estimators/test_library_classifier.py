"""Classifiers: log-probabilities where there are any, scores where not, as scikit-learn judges them."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from palestra.datasets.dataset import InMemory, Split
from palestra.learners.estimators.library_classifier import LibraryClassifier, LibraryClassifierConfig


def make(which: str, source: Any = "iris", **arguments: Any) -> LibraryClassifier:
    return LibraryClassifier(source, LibraryClassifierConfig(which, arguments), seed=0)


@pytest.mark.parametrize("estimator", ["RandomForestClassifier", "KNeighborsClassifier"])
def test_its_loss_is_scikit_learns_also_where_a_probability_is_zero(estimator: str) -> None:
    learner = make(estimator).learn(10)
    inputs, targets = learner.splits["test"]
    share = learner.model.estimator.predict_proba(inputs.numpy())
    assert (share == 0).any()
    found = learner.evaluate(split="test").metrics
    assert found["eval/log_loss"] == pytest.approx(log_loss(targets, share), rel=1e-9)
    assert found["eval/accuracy"] == learner.model.estimator.score(inputs.numpy(), targets.numpy())


@pytest.mark.parametrize("estimator", ["RidgeClassifier", "LinearSVC", "OneVsRestClassifier", "VotingClassifier"])
@pytest.mark.parametrize("classes", [2, 3])
def test_without_probabilities_it_names_the_same_classes(estimator: str, classes: int) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(90) % classes
    x = rng.normal(size=(90, 4)) + y[:, None]
    within = {
        "OneVsRestClassifier": {"estimator": "LinearSVC", "n_jobs": 1},
        "VotingClassifier": {"estimators": ["LinearSVC", "GaussianNB"]},
    }
    source = InMemory({"train": Split(torch.from_numpy(x), torch.from_numpy(y))})
    learner = make(estimator, source, **within.get(estimator, {})).learn(5)
    np.testing.assert_array_equal(learner.predict(x), learner.model.estimator.predict(x))
    assert set(learner.evaluate(split="train").metrics) == {"eval/accuracy"}


def test_a_class_that_it_never_saw_has_the_least_probability() -> None:
    x, y = np.random.default_rng(0).normal(size=(60, 3)), np.repeat([0, 2], 30)
    for estimator in ("GaussianNB", "RidgeClassifier"):
        learner = make(estimator, InMemory({"train": Split(torch.from_numpy(x), torch.from_numpy(y))})).learn(1)
        said = learner.predicted(x)
        assert said.shape == (60, 3)
        assert not said.argmax(1).eq(1).any()
        assert not said.isnan().any()


@pytest.mark.parametrize("estimator", ["RandomForestClassifier", "GaussianNB"])
def test_rows_of_a_class_that_only_the_test_has_are_judged(estimator: str) -> None:
    x, y = torch.randn(60, 2, generator=torch.manual_seed(0)).double(), torch.arange(60) % 2 * 2
    split = {"train": Split(x, y), "test": Split(x[:4], torch.tensor([0, 2, 3, 3]))}
    found = make(estimator, InMemory(split)).learn(5).evaluate(split="test")
    assert found.samples[2:].tolist() == [0.0, 0.0]
    assert np.isfinite(found.metrics["eval/log_loss"])
