"""Thresholds and F1 against scikit-learn's, and by hand."""

import numpy as np
import pytest
import torch
from sklearn import metrics

from palestra.errors import UsageError
from palestra.ops.anomalies import F1, PRECISION, RECALL, sweep
from palestra.ops.scores import Score


def test_every_threshold_comes_to_what_scikit_learn_says() -> None:
    rng = np.random.default_rng(0)
    anomalous = rng.random(200) < 0.2
    density = np.round(rng.normal(size=200) - 1.5 * anomalous, 1)  # many are equal
    found = sweep(torch.from_numpy(density), torch.from_numpy(anomalous))
    assert len(found.threshold_L) == len(np.unique(density))
    f1s = []
    for place, threshold in enumerate(found.threshold_L.tolist()):
        named = density < threshold
        assert float(found.named_L[place]) == named.sum()
        assert float(found.precision_L[place]) == pytest.approx(metrics.precision_score(anomalous, named))
        assert float(found.recall_L[place]) == pytest.approx(metrics.recall_score(anomalous, named))
        f1s.append(metrics.f1_score(anomalous, named))
    assert found.f1_L.tolist() == pytest.approx(f1s)
    assert found.best == int(np.argmax(f1s))
    anywhere = [metrics.f1_score(anomalous, density < each) for each in np.linspace(-5, 5, 200)]
    assert max(f1s) >= max(anywhere) - 1e-12


def test_by_hand() -> None:
    found = sweep(torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([True, False, True, False]))
    assert found.threshold_L.tolist() == [1.5, 2.5, 3.5, 4.5]
    assert found.f1_L.tolist() == pytest.approx([2 / 3, 1 / 2, 4 / 5, 2 / 3])
    assert found.best == 2


def test_between_neighbours_among_numbers_rows_are_parted_too() -> None:
    low = 1.0
    high = float(np.nextafter(low, 2.0))
    found = sweep(torch.tensor([high, low], dtype=torch.float64), torch.tensor([False, True]))
    assert low < float(found.threshold_L[0]) <= high
    assert float(found.f1_L[0]) == 1.0


@pytest.mark.parametrize(
    ("score", "theirs"),
    [(F1, metrics.f1_score), (PRECISION, metrics.precision_score), (RECALL, metrics.recall_score)],
    ids=["f1", "precision", "recall"],
)
def test_scores_are_scikit_learns(score: Score, theirs: object) -> None:
    assert callable(theirs)
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(80, 2)), (rng.random(80) < 0.3).astype(np.int64)
    outputs, targets = torch.from_numpy(logits), torch.from_numpy(labels)
    assert float(score.total(score.rows(outputs, targets))) == pytest.approx(theirs(labels, logits.argmax(1)))
    never = torch.tensor([[1.0, 0.0]] * 80)
    assert float(score.total(score.rows(never, targets))) == 0.0
    assert float(score.total(score.rows(never, torch.zeros(80).long()))) == 0.0
    assert score.direction == "up"


@pytest.mark.parametrize("anomalous", [[False, False], [True, True]])
def test_rows_of_one_class_are_nothing_to_choose_by(anomalous: list[bool]) -> None:
    with pytest.raises(
        UsageError, match=r"rows of 1 class to choose by, . anomalies of 2; expected rows of either class"
    ):
        sweep(torch.tensor([1.0, 2.0]), torch.tensor(anomalous))
