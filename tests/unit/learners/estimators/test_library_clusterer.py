"""Clusterers of another library: their own groups, of rows that they were given and of others, and refusals."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.cluster import DBSCAN, AgglomerativeClustering, BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.metrics import silhouette_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from states import hash_of, saved

from palestra.datasets.dataset import InMemory, Split
from palestra.datasets.order import permutation
from palestra.errors import UsageError
from palestra.learners.estimators.library_clusterer import LibraryClusterer, LibraryClustererConfig
from palestra.measure import Measure

RNG = np.random.default_rng(0)
PLACES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 60.0]])
X = (PLACES[RNG.integers(0, 3, 240)] + RNG.normal(size=(240, 2))) * [1.0, 3.0]
KNOWN, OTHERS = X[:160], X[160:]


def points(**more: Any) -> InMemory:
    return InMemory(
        {"train": Split(torch.from_numpy(KNOWN), None), "validation": Split(torch.from_numpy(OTHERS), None)}
    )


def make(estimator: str, rounds: int = 2, seed: int = 0, **arguments: Any) -> LibraryClusterer:
    return LibraryClusterer(points(), LibraryClustererConfig(estimator, arguments, rounds), seed=seed)


def fitted(estimator: str, **arguments: Any) -> LibraryClusterer:
    learner = make(estimator, **arguments)
    learner.learn(10)
    return learner


@pytest.mark.parametrize(
    ("estimator", "arguments", "theirs"),
    [
        ("KMeans", {"n_clusters": 3, "random_state": 5}, KMeans(3, random_state=5)),
        ("BisectingKMeans", {"n_clusters": 5, "random_state": 5}, BisectingKMeans(5, random_state=5)),
        (
            '["StandardScaler", "KMeans"]',
            {"kmeans__n_clusters": 4, "kmeans__random_state": 5},
            make_pipeline(StandardScaler(), KMeans(4, random_state=5)),
        ),
    ],
)
def test_what_has_a_place_for_any_row_says_its_own_groups(estimator: str, arguments: Any, theirs: Any) -> None:
    theirs.fit(KNOWN)
    found = fitted(estimator, **arguments)
    np.testing.assert_array_equal(found.predict(OTHERS), theirs.predict(OTHERS))
    own, groups = theirs.predict(KNOWN), theirs.predict(OTHERS)
    wanted = sum(np.square(OTHERS[groups == g] - KNOWN[own == g].mean(0)).sum() for g in np.unique(groups))
    told = found.measured(Measure(count=0, seed=0, split="validation"))
    assert told.score == pytest.approx(wanted)
    assert told.metrics["eval/silhouette"] == pytest.approx(silhouette_score(OTHERS, groups))


@pytest.mark.parametrize(
    ("estimator", "arguments", "theirs"),
    [
        ("AgglomerativeClustering", {"n_clusters": 3}, AgglomerativeClustering(3)),
        ("DBSCAN", {"eps": 1.5, "min_samples": 4}, DBSCAN(eps=1.5, min_samples=4)),
    ],
)
def test_what_groups_its_own_rows_alone_puts_others_where_the_nearest_is(
    estimator: str, arguments: Any, theirs: Any
) -> None:
    labels = theirs.fit(KNOWN).labels_
    labels = np.where(labels < 0, labels.max() + 1, labels)
    found = fitted(estimator, **arguments)
    np.testing.assert_array_equal(found.predict(KNOWN), labels)
    nearest = [int(np.square(KNOWN - row).sum(1).argmin()) for row in OTHERS]
    np.testing.assert_array_equal(found.predict(OTHERS), labels[nearest])


def test_rows_in_no_group_are_the_last_group() -> None:
    found = fitted("DBSCAN", eps=1.5, min_samples=4)
    noise = DBSCAN(eps=1.5, min_samples=4).fit(KNOWN).labels_ < 0
    assert 0 < noise.sum() < 40
    assert (found.predict(KNOWN)[noise] == len(found.mean_GF) - 1).all()


def test_mini_batches_are_those_of_a_loop_in_an_order_that_the_seed_and_the_epoch_decide() -> None:
    found = make("MiniBatchKMeans", rounds=1, n_clusters=3, batch_size=32, random_state=5)
    theirs = MiniBatchKMeans(3, batch_size=32, random_state=5)
    for epoch in range(3):
        found.step()
        order = permutation(0, epoch, len(KNOWN)).numpy()
        for begin in range(0, len(KNOWN), 32):
            theirs.partial_fit(KNOWN[order[begin : begin + 32]])
    np.testing.assert_array_equal(found.last.cluster_centers_, theirs.cluster_centers_)


@pytest.mark.parametrize("estimator", ["KMeans", "MiniBatchKMeans", "DBSCAN", "MeanShift", '["PCA", "KMeans"]'])
def test_stopped_and_resumed_it_is_bit_for_bit_what_it_had_been(estimator: str) -> None:
    whole, begun, resumed = (make(estimator, rounds=2) for _ in range(3))
    for _ in range(3):
        whole.step() if not whole.finished else None
    begun.step()
    assert resumed.load_state_dict(saved(begun)) == []
    for _ in range(2):
        resumed.step() if not resumed.finished else None
    assert hash_of(resumed) == hash_of(whole)
    np.testing.assert_array_equal(resumed.predict(OTHERS), whole.predict(OTHERS))


def test_groups_follow_what_was_learned_last() -> None:
    found = make("MiniBatchKMeans", rounds=1, n_clusters=3, batch_size=16)
    found.step()
    before = found.mean_GF
    other = make("MiniBatchKMeans", rounds=1, n_clusters=8, batch_size=16)
    other.step()
    found.load_state_dict(saved(other))
    assert len(found.mean_GF) == 8
    assert len(before) == 3


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        ("LogisticRegression", "LogisticRegression, a classifier, as a clusterer; expected a clusterer"),
        ("PCA", "PCA, a transformer, as a clusterer; expected a clusterer"),
        ("FeatureAgglomeration", "FeatureAgglomeration, which groups columns,; expected one that groups rows"),
        ("Birch", "estimator Birch, which cannot be stored: its tree is no array; expected another"),
    ],
)
def test_what_is_no_clusterer(estimator: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        make(estimator)
    assert str(error.value) == said


def test_what_the_library_refuses_is_said_in_one_line() -> None:
    with pytest.raises(UsageError, match=r"KMeans on 'in memory': n_samples=160 should be >= n_clusters=200"):
        make("KMeans", n_clusters=200).step()


def test_a_picture_of_rows_in_their_groups() -> None:
    (drawn,) = fitted("KMeans", n_clusters=3).exhibits()
    assert "3 groups" in drawn.said  # type: ignore[attr-defined]
    assert make("KMeans").exhibits() == []
