"""Scores of predictions, against scikit-learn's."""

import numpy as np
import pytest
import torch

from palestra.ops.scores import ACCURACY, LOG_LOSS, RMSE, Score

metrics = pytest.importorskip("sklearn.metrics")


def total(score: Score, outputs: torch.Tensor, targets: torch.Tensor) -> float:
    rows = score.rows(outputs, targets)
    assert rows.shape == (len(outputs),)
    assert rows.dtype == torch.float64
    return float(score.total(rows))


def test_of_a_classifier() -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 4)), rng.integers(4, size=50)
    outputs, targets = torch.from_numpy(logits), torch.from_numpy(labels)
    accuracy = metrics.accuracy_score(labels, logits.argmax(1))
    assert total(ACCURACY, outputs, targets) == pytest.approx(accuracy)
    loss = metrics.log_loss(labels, outputs.softmax(1).numpy(), labels=range(4))
    assert total(LOG_LOSS, outputs, targets) == pytest.approx(loss)
    assert total(LOG_LOSS, outputs + 7.0, targets) == pytest.approx(loss)  # up to a constant
    assert (ACCURACY.direction, LOG_LOSS.direction) == ("up", "down")


@pytest.mark.parametrize("shape", [(50,), (50, 3)])
def test_of_a_regressor(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    outputs, targets = rng.normal(size=shape), rng.normal(size=shape)
    error = np.sqrt(metrics.mean_squared_error(targets, outputs))
    assert total(RMSE, torch.from_numpy(outputs), torch.from_numpy(targets)) == pytest.approx(error)
