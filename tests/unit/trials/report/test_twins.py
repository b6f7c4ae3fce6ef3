"""Twins: rows that are another one but for a little, and no others."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from palestra.trials.report.twins import twins

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6))
Y = X @ RNG.normal(size=6) + 0.3 * RNG.normal(size=300)


def found(x: np.ndarray, y: np.ndarray, group: np.ndarray | None = None, *, classifies: bool = False) -> np.ndarray:
    return twins(x, y, group, classifies=classifies)


@pytest.mark.parametrize("how", ["noise", "rounded", "one column"])
def test_a_copy_that_was_changed_a_little(how: str) -> None:
    again = X[:50].copy()
    if how == "noise":
        again += 0.02 * RNG.normal(size=again.shape)
    elif how == "rounded":
        again = again.round(1)
    else:
        again[:, 2] = RNG.normal(size=50)
    other = found(np.r_[X, again], np.r_[Y, Y[:50]])
    assert (other[300:] == np.arange(50)).mean() > 0.8
    assert (other[50:300] == np.arange(50, 300)).mean() > 0.97


def test_nothing_is_a_twin_where_nothing_was_copied() -> None:
    assert (found(X, Y) == np.arange(300)).all()
    for loaded, classifies in ((load_breast_cancer(), True), (load_diabetes(), False)):
        target = loaded.target.astype(float)
        assert (found(loaded.data, target, classifies=classifies) == np.arange(len(target))).all()


def test_columns_that_go_together_agree_by_chance() -> None:
    rng = np.random.default_rng(5)
    length = rng.uniform(3, 9, 2000).round(2)
    width = length + rng.integers(-1, 2, 2000) / 100
    height = (0.6 * length + 0.005 * rng.normal(size=2000)).round(2)
    gems = np.stack([length, width.round(2), height, (length * width * height / 160).round(2)], 1)
    price = 900.0 * gems[:, 3] + rng.normal(size=2000)
    triples = np.unique(gems[:, :3], axis=0, return_counts=True)[1]
    assert (triples > 1).sum() > 40
    assert (found(gems, price) == np.arange(2000)).all()


def test_neither_exact_copies_nor_rows_of_one_group_nor_those_of_another_class() -> None:
    again = X[:50] + 0.02 * RNG.normal(size=(50, 6))
    both = np.r_[X, again]
    assert (found(np.r_[X, X[:50]], np.r_[Y, Y[:50]]) == np.arange(350)).all()
    group = np.r_[np.arange(300), np.arange(50)]
    assert (found(both, np.r_[Y, Y[:50]], group) == np.arange(350)).all()
    label = (Y > 0).astype(float)
    assert (found(both, np.r_[label, 1 - label[:50]], classifies=True) == np.arange(350)).all()
    assert (found(both, np.r_[label, label[:50]], classifies=True) != np.arange(350)).sum() > 80


def test_too_few_rows_or_measured_columns_say_nothing() -> None:
    few = np.r_[X[:20], X[:20] + 1e-3]
    assert (found(few, np.r_[Y[:20], Y[:20]]) == np.arange(40)).all()
    words = RNG.integers(0, 3, (300, 6)).astype(float)
    assert (found(words, Y) == np.arange(300)).all()
