"""Scores of several labels a row: scikit-learn's, on random predictions, and with labels that nobody has."""

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import Tensor

from palestra.errors import UsageError
from palestra.ops.labels import HAMMING, MOST, label_scores


def scored(outputs: Tensor, targets: Tensor) -> dict[str, float]:
    return {score.name: float(score.total(score.rows(outputs, targets))) for score in label_scores(targets.shape[1])}


@pytest.mark.parametrize("labels", [1, 5, MOST])
def test_they_are_scikit_learns(labels: int) -> None:
    rng = torch.Generator().manual_seed(labels)
    outputs = torch.randn(300, labels, 2, generator=rng, dtype=torch.float64)
    targets = (torch.rand(300, labels, generator=rng) < torch.linspace(0.05, 0.6, labels)).long()
    targets[:, 0] = 0  # which nobody has
    found, said, true = scored(outputs, targets), outputs.argmax(-1).numpy(), targets.numpy()
    quiet = {"zero_division": 0.0}
    assert found["eval/hamming"] == pytest.approx(metrics.hamming_loss(true, said))
    assert found["eval/exact_match"] == pytest.approx(metrics.accuracy_score(true, said))
    assert found["eval/macro_f1"] == pytest.approx(
        np.mean([metrics.f1_score(true[:, i], said[:, i], **quiet) for i in range(labels)])
    )
    assert found["eval/micro_f1"] == pytest.approx(metrics.f1_score(true.ravel(), said.ravel(), **quiet))
    if labels > 1:
        assert found["eval/macro_f1"] == pytest.approx(metrics.f1_score(true, said, average="macro", **quiet))
        assert found["eval/micro_f1"] == pytest.approx(metrics.f1_score(true, said, average="micro", **quiet))
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        true.reshape(300, -1), said.reshape(300, -1), labels=[1] if labels == 1 else None, average=None, **quiet
    )
    for at in range(labels):
        for name, theirs in (("precision", precision), ("recall", recall), ("f1", f1)):
            assert found[f"eval/{name}/{at}"] == pytest.approx(theirs[at])


def test_a_row_counts_the_labels_that_are_wrong_in_it() -> None:
    yes = torch.tensor([[1, 1, 0, 0], [0, 1, 0, 1]])
    outputs = torch.stack((torch.zeros(2, 4), 2.0 * yes - 1), -1)
    assert HAMMING.rows(outputs, torch.tensor([[1, 0, 1, 0], [0, 1, 0, 1]])).tolist() == [0.5, 0.0]


def test_more_labels_than_a_number_holds_are_refused() -> None:
    with pytest.raises(UsageError, match="27 labels; expected 1 to 26"):
        label_scores(27)
