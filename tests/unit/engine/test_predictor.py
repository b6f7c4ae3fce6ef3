"""What fits data predicts rows like those that it was fitted to, and is measured on a split of them."""

import numpy as np
import pytest
import torch
from blobs import SIZES
from logistic_regression import LogisticRegression

from palestra.datasets.dataset import Dataset
from palestra.engine import predictor
from palestra.engine.predictor import BatchConfig
from palestra.errors import UsageError
from palestra.measure import Measure


@pytest.fixture
def fitted() -> LogisticRegression:
    learner = LogisticRegression(Dataset("toy/blobs"), seed=1, device="cpu")
    learner.step()
    return learner


def test_it_is_judged_by_its_first_score_on_the_split_that_is_named(fitted: LogisticRegression) -> None:
    assert (fitted.headline, fitted.direction) == (fitted.scores[0].name, "down")
    inputs, targets = fitted.splits["test"]
    assert targets is not None
    expected = -fitted.outputs(inputs).log_softmax(1)[torch.arange(len(targets)), targets]
    found = fitted.measured(Measure(0, "test"))
    torch.testing.assert_close(found.samples.double(), expected.double())
    assert found.score == pytest.approx(float(expected.mean()), rel=1e-5)
    right = (fitted.predict(inputs.numpy()) == targets.numpy()).mean()
    assert found.metrics[fitted.scores[1].name] == pytest.approx(right)
    assert len(fitted.measured(Measure(0)).samples) == SIZES["validation"]


def test_some_rows_are_chosen_by_the_measures_seed(fitted: LogisticRegression) -> None:
    one, same, other = (fitted.measured(Measure(20, "test", seed)).samples for seed in (0, 0, 1))
    assert len(one) == 20
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_rows_are_predicted_in_chunks(fitted: LogisticRegression, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(size=(50, 2))
    whole = fitted.predict(rows)
    monkeypatch.setattr(predictor, "CHUNK", 7)
    np.testing.assert_array_equal(fitted.predict(rows), whole)
    assert set(whole.tolist()) == {0, 1, 2}


def test_what_it_was_not_fitted_to_is_refused(fitted: LogisticRegression) -> None:
    with pytest.raises(UsageError, match=r"inputs of shape \(4, 3\); expected rows \(n, 2\)"):
        fitted.predict(np.zeros((4, 3)))
    with pytest.raises(UsageError, match="unknown split of 'toy/blobs' 'tset'; nearest: test"):
        fitted.check_measurable(Measure(split="tset"))
    with pytest.raises(UsageError, match="batch_size=0; expected at least 1"):
        BatchConfig(batch_size=0)
