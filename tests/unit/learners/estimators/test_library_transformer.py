"""Transformers of another library: their own codes and rows again, resumed, and what cannot say its rows again."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import NMF, SparsePCA, TruncatedSVD
from states import hash_of, saved

from palestra.datasets.dataset import InMemory, Split
from palestra.errors import UsageError
from palestra.learners.estimators.library_transformer import LibraryTransformer, LibraryTransformerConfig
from palestra.measure import Measure

X = np.abs(np.random.default_rng(0).normal(size=(90, 2, 3)))


def make(estimator: str, **arguments: Any) -> LibraryTransformer:
    rows = torch.from_numpy(X)
    source = InMemory({"train": Split(rows[:60], None), "validation": Split(rows[60:], torch.arange(30) % 2)})
    return LibraryTransformer(source, LibraryTransformerConfig(estimator, arguments), seed=0)


def fitted(estimator: str, **arguments: Any) -> LibraryTransformer:
    learner = make(estimator, **arguments)
    learner.learn(1)
    return learner


@pytest.mark.parametrize(
    ("estimator", "arguments", "theirs"),
    [
        ("NMF", {"n_components": 3, "random_state": 1}, NMF(3, random_state=1)),
        ("TruncatedSVD", {"n_components": 3, "random_state": 1}, TruncatedSVD(3, random_state=1)),
        ("SparsePCA", {"n_components": 2, "random_state": 1}, SparsePCA(2, random_state=1)),
    ],
)
def test_their_own_codes_and_rows(estimator: str, arguments: Any, theirs: Any) -> None:
    flat = X.reshape(90, 6)
    code = theirs.fit(flat[:60]).transform(flat[60:])
    again = theirs.inverse_transform(code).reshape(30, 2, 3)
    found = fitted(estimator, **arguments)
    np.testing.assert_allclose(found.encode(torch.from_numpy(X[60:])).numpy(), code, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.predict(X[60:]), again, rtol=1e-9, atol=1e-12)
    told = found.measured(Measure(count=0, seed=0, split="validation"))
    assert told.score == pytest.approx(np.sqrt(np.square(again - X[60:]).mean()))
    assert found.encode(torch.from_numpy(X[:1])).shape == (1, code.shape[1])


@pytest.mark.parametrize("estimator", ["NMF", "TruncatedSVD", "QuantileTransformer", '["StandardScaler", "PCA"]'])
def test_stored_and_read_it_says_the_same(estimator: str) -> None:
    arguments = {"n_quantiles": 20} if estimator == "QuantileTransformer" else {}
    begun, read = fitted(estimator, **arguments), make(estimator, **arguments)
    assert read.load_state_dict(saved(begun)) == []
    assert hash_of(read) == hash_of(begun)
    np.testing.assert_array_equal(read.predict(X), begun.predict(X))


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        ("TSNE", "TSNE, whose codes say no rows again,; expected a transformer with an inverse_transform"),
        ("KMeans", "KMeans, a clusterer, as a transformer; expected a transformer"),
    ],
)
def test_what_cannot_say_rows_again(estimator: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        make(estimator)
    assert str(error.value) == said


def test_what_the_library_refuses_is_said_in_one_line() -> None:
    with pytest.raises(UsageError, match="KernelPCA on 'in memory': The fit_inverse_transform parameter"):
        fitted("KernelPCA").predict(X)
    with pytest.raises(UsageError, match=r"SelectKBest on 'in memory': .* requires y"):
        make("SelectKBest", k=2).step()


def test_pictures_of_what_is_said_again() -> None:
    kinds = [type(each).__name__ for each in fitted("NMF", n_components=3).exhibits()]
    assert kinds == ["Reconstructions", "CodeMap"]
