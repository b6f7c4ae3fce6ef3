"""The autoencoder against principal components: what a linear one comes to, and what codes are worth."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.errors import UsageError
from palestra.learners.structure.autoencoder import Autoencoder, AutoencoderConfig
from palestra.pictures.codes import CodeMap, Reconstructions


def make(source: Any = "digits", **settings: Any) -> Autoencoder:
    return Autoencoder(source, AutoencoderConfig(**{"batch_size": 64, "batches_per_step": 8, **settings}), seed=0)


def pca_error(images: torch.Tensor, count: int, fitted_to: torch.Tensor) -> float:
    rows, known = images.flatten(1).double().numpy(), fitted_to.flatten(1).double().numpy()
    pca = PCA(count, svd_solver="full").fit(known)
    return float(np.sqrt(np.mean((pca.inverse_transform(pca.transform(rows)) - rows) ** 2)))


def test_a_linear_one_comes_to_the_error_of_principal_components_and_to_no_less() -> None:
    linear = make(code=4, hidden_sizes=(), learning_rate=0.02).learn(1_079 * 300)
    train = linear.train.inputs
    found, least = linear.evaluate(split="train"), pca_error(train, 4, train)
    assert found.metrics["eval/pca_rmse"] == pytest.approx(least, rel=1e-9)
    assert least <= found.score < 1.001 * least
    validation = linear.splits["validation"].inputs
    assert linear.evaluate().metrics["eval/pca_rmse"] == pytest.approx(pca_error(validation, 4, train), rel=1e-9)


def test_with_hidden_layers_it_does_better_than_any_plane() -> None:
    deep = make(code=2, hidden_sizes=(64, 32), learning_rate=4e-3).learn(1_079 * 60)
    found = deep.evaluate().metrics
    assert found["eval/rmse"] < 0.9 * found["eval/pca_rmse"]
    assert found["eval/knn_code"] > found["eval/knn_pca"] + 0.1


def test_what_neighbours_say_is_what_scikit_learns_say() -> None:
    learner = make(code=3, hidden_sizes=(16,), neighbours=3).learn(1_079 * 5)
    (known, known_labels), (images, labels) = learner.train, learner.splits["test"]
    assert known_labels is not None
    assert labels is not None
    rows, asked = known.flatten(1).numpy(), images.flatten(1).numpy()
    pca = PCA(3, svd_solver="full").fit(rows)
    ways = {
        "pixels": (rows.astype(float), asked.astype(float)),
        "code": (learner.encode(known).numpy(), learner.encode(images).numpy()),
        "pca": (pca.transform(rows), pca.transform(asked)),
    }
    found = learner.evaluate(split="test").metrics
    for name, (here, there) in ways.items():
        theirs = KNeighborsClassifier(3, algorithm="brute").fit(here, known_labels).score(there, labels)
        assert found[f"eval/knn_{name}"] == pytest.approx(theirs, abs=1.5 / len(labels))  # two may be as near


def test_images_come_back_in_their_own_units_and_colours() -> None:
    rng = torch.Generator().manual_seed(0)
    shade = torch.rand(300, 1, 1, 3, generator=rng) * 200
    images = (shade + 20 * torch.rand(300, 4, 5, 3, generator=rng)).to(torch.uint8)
    learner = make(InMemory({"train": Split(images, None)}), code=3, hidden_sizes=(), learning_rate=0.02).learn(30_000)
    again = learner.predict(images.numpy())
    assert again.shape == (300, 4, 5, 3)
    assert np.abs(again - images.numpy()).mean() < 8  # the noise, which no code of three holds
    assert sorted(learner.evaluate(split="train").metrics) == ["eval/pca_rmse", "eval/rmse"]  # no labels, no votes
    lines, codes = learner.exhibits()
    assert isinstance(lines, Reconstructions)
    assert isinstance(codes, CodeMap)
    assert codes.labels is None


@pytest.mark.parametrize(("table", "shares"), [("iris", 3), ("diabetes", 0)])
def test_rows_of_a_table_are_said_again_too_and_values_are_no_classes(table: str, shares: int) -> None:
    learner = make(table, code=2, hidden_sizes=(), batch_size=16).learn(20_000)
    found = learner.evaluate().metrics
    assert sum("knn" in name for name in found) == shares
    assert found["eval/rmse"] < 2 * found["eval/pca_rmse"]
    (codes,) = learner.exhibits()
    assert isinstance(codes, CodeMap)
    assert (codes.labels is None) == (shares == 0)


def test_labels_teach_it_nothing() -> None:
    splits = Dataset("digits").load()
    shuffled = {name: Split(images, labels.flip(0)) for name, (images, labels) in splits.items() if labels is not None}
    one, other = make().learn(2_000), make(InMemory(shuffled)).learn(2_000)
    assert torch.equal(one.optimizer.flat, other.optimizer.flat)
    assert one.evaluate().metrics["eval/knn_code"] > 3 * other.evaluate().metrics["eval/knn_code"]


def test_what_it_shows_are_the_same_images_in_three_ways_and_their_codes() -> None:
    lines, codes = make(code=2, hidden_sizes=(16,)).learn(1_079 * 3).exhibits()
    assert isinstance(lines, Reconstructions)
    assert [*lines.rows] == ["as they are", "through 2 numbers", "2 principal components"]
    assert {images.shape for images in lines.rows.values()} == {(12, 8, 8)}
    assert max(float(images.max()) for images in lines.rows.values()) <= 16
    assert isinstance(codes, CodeMap)
    assert codes.points.shape == (359, 2)
    assert "by its code" in codes.said


@pytest.mark.parametrize(
    "wrong", [{"code": 0}, {"hidden_sizes": (3, 0)}, {"neighbours": 0}, {"code": 65}, {"neighbours": 1_080}]
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="; expected"):
        make(**wrong)
