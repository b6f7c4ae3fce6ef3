"""Wrong labels and overlapping classes, told apart with the true probabilities."""

import numpy as np
import pytest

from palestra.ops.confidence import outliers, suspects, wrongness

RNG = np.random.default_rng(2)


def drawn(slope: float, wrong: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a logistic model as a classifier that knew everything would say them, and labels."""
    x = RNG.normal(size=rows)
    clean = 1 / (1 + np.exp(-slope * x))
    said = (1 - wrong) * clean + wrong * (1 - clean)
    label = (RNG.random(rows) < said).astype(np.int64)
    return np.stack([1 - said, said], 1), label


def test_wrong_labels_stay_where_the_classifier_is_sure() -> None:
    found = wrongness(*drawn(20.0, 0.1))
    assert found.rate == pytest.approx(0.1, abs=0.01)
    assert found.depth == pytest.approx(0.5, abs=0.03)
    assert found.classes == 2
    assert found.errors == round(found.rate * found.rows)


def test_errors_of_overlap_do_not() -> None:
    found = wrongness(*drawn(2.0, 0.0))
    assert found.overall > 0.15
    assert found.rate < 0.5 * found.overall
    assert found.depth > 0.65
    assert wrongness(np.eye(2)[[0, 1]], np.array([0, 1])).depth == 1.0  # without any


def test_suspects_are_those_that_are_contradicted_most() -> None:
    share = np.array([[0.9, 0.1], [0.2, 0.8], [0.01, 0.99], [0.55, 0.45]])
    assert suspects(share, np.array([1, 1, 0, 1])).tolist() == [2, 0]


def test_outliers() -> None:
    residual = np.r_[RNG.normal(size=5_000), [9.0, -9.0]]
    found = outliers(residual, RNG.normal(size=5_002))
    assert found[-2:].all()
    assert found.sum() < 8


def test_what_spreads_more_where_predictions_are_large_is_not_outlying() -> None:
    predicted = np.exp(RNG.normal(size=5_000))
    residual = 0.2 * predicted * RNG.normal(size=5_000)
    off = np.abs(residual - np.median(residual))
    assert (off > 4 * 1.4826 * np.median(off)).mean() > 0.04  # beyond four deviations of all
    assert outliers(residual, predicted).mean() < 0.01
    residual[:300] += 3 * np.abs(predicted[:300])
    found = outliers(residual, predicted)
    assert found[:300].mean() > 0.8
    assert found[300:].mean() < 0.01
