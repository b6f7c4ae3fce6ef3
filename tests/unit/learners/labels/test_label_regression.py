"""Logistic regressions side by side: scikit-learn's each, by a derivative that is autograd's; what is no label."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.errors import UsageError
from palestra.learners.labels.label_regression import LabelRegression, LabelRegressionConfig


def make(seed: int = 0, **settings: Any) -> LabelRegression:
    return LabelRegression("toy/labels", LabelRegressionConfig(**settings), seed=seed)


def test_each_label_ends_where_scikit_learns_does() -> None:
    rows, labels = Dataset("toy/labels", {"train": 500}).load()["train"]
    assert labels is not None
    settings = LabelRegressionConfig(weight_decay=0.05, batch_size=500, learning_rate=1.0)
    learner = LabelRegression(InMemory({"train": Split(rows, labels)}), settings).learn(600 * len(rows))
    one = LogisticRegression(C=1 / (0.05 * len(rows)), solver="newton-cg", tol=1e-10)
    theirs = MultiOutputClassifier(one).fit(rows.double().numpy(), labels.numpy())
    weights = np.stack([each.coef_[0] for each in theirs.estimators_], 1)
    np.testing.assert_allclose(learner.weight_FL.numpy(), weights, atol=1e-5)
    share = learner.predicted(rows).softmax(-1)[..., 1].numpy()
    np.testing.assert_allclose(share.T, [each[:, 1] for each in theirs.predict_proba(rows.double().numpy())], atol=1e-5)
    assert (learner.predict(rows) == theirs.predict(rows.double().numpy())).all()


def test_both_forms_of_the_derivative_are_one() -> None:
    learner = make(weight_decay=0.2)
    learner.weight_FL.normal_(generator=torch.Generator().manual_seed(0))
    x, y = torch.randn(9, 8).double(), (torch.rand(9, 5) < 0.3).long()
    for ours, theirs in zip(learner.by_hand(x, y), learner.by_autograd(x, y), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    ends = [make(gradient=g, weight_decay=0.01).learn(3_000) for g in ("by-hand", "autograd")]
    torch.testing.assert_close(ends[0].weight_FL, ends[1].weight_FL, rtol=1e-10, atol=1e-12)


def test_large_numbers_do_not_overflow() -> None:
    learner = make()
    learner.weight_FL[:, 0] = 1e6
    loss, *slopes = learner.by_hand(torch.ones(1, 8).double(), torch.zeros(1, 5).long())
    assert all(torch.isfinite(slope).all() for slope in slopes)
    assert float(loss) == pytest.approx(8e6 + 4 * np.log(2))


def test_it_reports_every_label_and_says_any_number_of_them() -> None:
    learner = make(batch_size=64).learn(20_000)
    found = learner.evaluate(split="test")
    assert learner.headline == "eval/hamming"
    assert found.score == found.metrics["eval/hamming"] == pytest.approx(float(found.samples.mean()))
    assert {f"eval/{name}/{at}" for name in ("precision", "recall", "f1") for at in range(5)} <= found.metrics.keys()
    assert found.metrics["eval/f1/0"] > found.metrics["eval/f1/4"]  # the rarest is the hardest to find
    said = learner.predict(Dataset("toy/labels").load()["test"].inputs)
    assert said.shape == (10_000, 5)
    assert set(said.sum(1).tolist()) >= {0, 1, 2, 3}


@pytest.mark.parametrize("targets", [torch.tensor([0, 1, 1]), torch.tensor([[0], [2], [1]])])
def test_what_are_no_labels_is_refused(targets: torch.Tensor) -> None:
    with pytest.raises(UsageError, match=r"expected labels \(N, L\), each 0 or 1; of one class a row, softmax-regress"):
        LabelRegression(InMemory({"train": Split(torch.rand(3, 2), targets)}))
