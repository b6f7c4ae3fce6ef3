"""Scores of predictions, against scikit-learn's."""

import numpy as np
import pytest
import torch

from palestra.ops.scores import ACCURACY, EXACT_MATCH, LOG_LOSS, NATS, RMSE, Score

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


def test_of_what_writes_sequences() -> None:
    rng = np.random.default_rng(2)
    logits, tokens = rng.normal(size=(20, 6, 5)), rng.integers(5, size=(20, 6))
    tokens[:4] = logits[:4].argmax(-1)
    tokens[3, 5] = (tokens[3, 5] + 1) % 5  # one token of the fourth is another
    outputs, targets = torch.from_numpy(logits), torch.from_numpy(tokens)
    right = [metrics.accuracy_score(wanted, given) == 1 for wanted, given in zip(tokens, logits.argmax(-1))]
    assert EXACT_MATCH.rows(outputs, targets).tolist() == right
    assert right[:4] == [True, True, True, False]
    assert total(EXACT_MATCH, outputs, targets) == pytest.approx(np.mean(right))
    chances = outputs.softmax(-1).reshape(-1, 5).numpy()
    loss = metrics.log_loss(tokens.reshape(-1), chances, labels=range(5))
    assert total(NATS, outputs, targets) == pytest.approx(loss)
    assert total(NATS, outputs, targets.to(torch.uint8)) == pytest.approx(loss)
    assert (EXACT_MATCH.direction, NATS.direction) == ("up", "down")
