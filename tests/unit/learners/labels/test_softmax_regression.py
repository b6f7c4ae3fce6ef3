"""Softmax regression against scikit-learn's, its derivative against autograd, and the same in three words."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_estimator

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.engine.estimator import estimator
from palestra.errors import UsageError
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig
from palestra.learners.labels.softmax_regression import SoftmaxRegression, SoftmaxRegressionConfig


def make(seed: int = 0, **settings: Any) -> SoftmaxRegression:
    return SoftmaxRegression("digits", SoftmaxRegressionConfig(**settings), seed=seed)


def test_on_digits_it_ends_where_scikit_learns_does() -> None:
    images, digits = Dataset("digits").load()["train"]
    assert digits is not None
    pixels = images.flatten(1).double()
    rows = (pixels - pixels.mean(0)) / pixels.std(0).clamp(min=1)
    settings = SoftmaxRegressionConfig(weight_decay=0.5, batch_size=2_000, learning_rate=0.4)
    learner = SoftmaxRegression(InMemory({"train": Split(rows, digits)}), settings).learn(600 * len(rows))
    theirs = LogisticRegression(C=1 / (0.5 * len(rows)), solver="newton-cg", tol=1e-10).fit(rows, digits)
    np.testing.assert_allclose(learner.weight_FK.numpy().T, theirs.coef_, atol=1e-5)
    probabilities = learner.predicted(rows).softmax(1).numpy()
    np.testing.assert_allclose(probabilities, theirs.predict_proba(rows.numpy()), atol=1e-5)
    assert (learner.predict(rows) == theirs.predict(rows.numpy())).all()


def test_both_forms_of_the_derivative_are_one() -> None:
    learner = make(weight_decay=0.2)
    learner.weight_FK.normal_(generator=torch.Generator().manual_seed(0))
    x, y = torch.randn(9, 64).double(), torch.arange(9) % 10
    for ours, theirs in zip(learner.by_hand(x, y), learner.by_autograd(x, y), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    ends = [make(gradient=g, weight_decay=0.01).learn(3_000) for g in ("by-hand", "autograd")]  # type: ignore[arg-type]
    torch.testing.assert_close(ends[0].weight_FK, ends[1].weight_FK, rtol=1e-10, atol=1e-12)


def test_from_scratch_and_in_three_words_the_parameters_are_the_same() -> None:
    scratch = make(weight_decay=0.01, batch_size=64).learn(5_000)
    config = ImageClassifierConfig(
        net="softmax", optimizer="sgd", learning_rate=0.1, learning_rate_schedule="constant", weight_decay=0.01,
        batch_size=64,
    )  # fmt: skip
    concise = ImageClassifier("digits", config)
    concise.optimizer.flat.zero_()
    concise.learn(5_000)
    weight, bias = concise.network.parameters()
    torch.testing.assert_close(scratch.weight_FK.T.float(), weight.detach(), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(scratch.bias_K.float(), bias.detach(), atol=1e-5, rtol=1e-4)
    assert scratch.evaluate().score == concise.evaluate().score > 0.9


def test_large_numbers_do_not_overflow() -> None:
    learner = make()
    learner.weight_FK[:, 3] = 1e6
    loss, *slopes = learner.by_hand(torch.ones(2, 64).double(), torch.tensor([3, 1]))
    assert all(torch.isfinite(slope).all() for slope in slopes)
    assert float(loss) == pytest.approx(64e6 / 2)


@pytest.mark.parametrize("wrong", [{"learning_rate": 0.0}, {"weight_decay": -0.1}, {"batch_size": 0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="; expected"):
        SoftmaxRegressionConfig(**wrong)


def test_as_an_estimator_it_passes_what_scikit_learn_asks_of_all() -> None:
    check_estimator(
        estimator(SoftmaxRegression)(batch_size=32, budget=2_000), on_skip=None
    )  # what is skipped needs pandas, or the array API
