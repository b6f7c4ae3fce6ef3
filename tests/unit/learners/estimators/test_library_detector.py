"""Detectors of another library: their own scores, a threshold by the labels, rounds that do not matter, refusals."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import IsolationForest
from sklearn.metrics import f1_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from states import hash_of, saved

from palestra.datasets.dataset import InMemory, Split
from palestra.errors import UsageError
from palestra.learners.estimators.library_detector import LibraryDetector, LibraryDetectorConfig
from palestra.measure import Measure

RNG = np.random.default_rng(0)
Y = (RNG.random(400) < 0.1).astype(np.int64)
X = np.where(Y[:, None] == 1, RNG.uniform(-6, 6, (400, 2)), RNG.normal(size=(400, 2)))


def points(labels: bool = True) -> InMemory:
    def part(rows: slice) -> Split:
        return Split(torch.from_numpy(X[rows]), torch.from_numpy(Y[rows]) if labels else None)

    return InMemory({"train": part(slice(0, 200)), "validation": part(slice(200, 300)), "test": part(slice(300, 400))})


def make(
    estimator: str, rounds: int = 10, fit_to: Any = "all", source: Any = None, **arguments: Any
) -> LibraryDetector:
    config = LibraryDetectorConfig(estimator, arguments, rounds, fit_to)
    return LibraryDetector(source or points(), config, seed=0)


def fitted(estimator: str, **words: Any) -> LibraryDetector:
    learner = make(estimator, **words)
    learner.learn(30)
    return learner


@pytest.mark.parametrize(
    ("estimator", "arguments", "theirs"),
    [
        ("IsolationForest", {"random_state": 3, "n_estimators": 30}, IsolationForest(n_estimators=30, random_state=3)),
        ("LocalOutlierFactor", {"novelty": True}, LocalOutlierFactor(novelty=True)),
        ("GaussianMixture", {"random_state": 3}, GaussianMixture(random_state=3)),
    ],
)
def test_their_own_scores_and_the_threshold_of_the_best_f1(estimator: str, arguments: Any, theirs: Any) -> None:
    theirs.fit(X[:200])
    found = fitted(estimator, **arguments)
    scores, chosen_by = theirs.score_samples(X[300:]), theirs.score_samples(X[200:300])
    np.testing.assert_allclose(found.outputs(torch.from_numpy(X[300:]))[:, 0].numpy(), scores, rtol=1e-12)
    best = max(f1_score(Y[200:300], chosen_by < threshold) for threshold in [*chosen_by, np.inf])
    assert f1_score(Y[200:300], chosen_by < found.threshold) == pytest.approx(best)
    told = found.measured(Measure(count=0, seed=0, split="test"))
    assert told.score == pytest.approx(f1_score(Y[300:], scores < found.threshold))
    np.testing.assert_array_equal(found.predict(X[300:]), scores < found.threshold)


def test_fitted_to_normal_rows_alone() -> None:
    found, theirs = fitted("GaussianMixture", fit_to="normal"), GaussianMixture().fit(X[:200][Y[:200] == 0])
    np.testing.assert_allclose(found.outputs(torch.from_numpy(X))[:, 0].numpy(), theirs.score_samples(X), rtol=1e-12)


@pytest.mark.parametrize("estimator", ["IsolationForest", "SGDOneClassSVM", "OneClassSVM", "GaussianMixture"])
def test_stopped_and_resumed_it_is_bit_for_bit_what_it_had_been(estimator: str) -> None:
    whole, begun, resumed = (make(estimator) for _ in range(3))
    for _ in range(3):
        whole.step() if not whole.finished else None
    begun.step()
    assert resumed.load_state_dict(saved(begun)) == []
    for _ in range(2):
        resumed.step() if not resumed.finished else None
    assert hash_of(resumed) == hash_of(whole)


def test_without_learning_nothing_is_found() -> None:
    learner = make("IsolationForest")
    with pytest.raises(UsageError, match="which has learned nothing yet"):
        learner.predict(X)
    assert learner.exhibits() == []


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        ("LocalOutlierFactor", "scores no rows but its own; expected one that does with novelty=true"),
        ("KMeans", "KMeans, a clusterer, as an outlier detector; expected an outlier detector or a density estimator"),
    ],
)
def test_what_is_no_detector(estimator: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        make(estimator)
    assert str(error.value).endswith(said)


def test_without_labels_there_is_nothing_to_choose_by() -> None:
    with pytest.raises(UsageError, match="rows without labels to choose a threshold by"):
        make("IsolationForest", source=points(labels=False)).step()


def test_three_classes_are_refused() -> None:
    with pytest.raises(UsageError, match="3 classes of iris; expected two, what is normal and what is not"):
        make("IsolationForest", source="iris")


def test_what_naming_more_would_come_to_is_drawn() -> None:
    (drawn,) = fitted("IsolationForest").exhibits()
    assert "which threshold" in drawn.title
