"""Made labels: as likely as is said, apart from each other, and the least error is what the truth comes to."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from palestra.datasets.dataset import Dataset
from palestra.datasets.made_labels import MIDDLES, STRENGTH, best_hamming, load, true_share
from palestra.errors import UsageError


def test_labels_are_as_likely_as_is_said() -> None:
    rows, labels = load(train=200_000, seed=4)["train"]
    assert labels is not None
    share = true_share(rows)
    torch.testing.assert_close(labels.double().mean(0), share.mean(0), atol=0.004, rtol=0)
    assert share.mean(0).tolist() == sorted(share.mean(0).tolist(), reverse=True)
    assert 0.02 < float(share.mean(0)[-1]) < 0.05
    odds = share.logit()
    np.testing.assert_allclose(odds.mean(0), MIDDLES, atol=0.03)
    np.testing.assert_allclose(odds.std(0), STRENGTH, rtol=0.02)
    left = labels.double() - share  # what is left has nothing to do with another label's
    assert np.abs(np.corrcoef(left.T.numpy()) - np.eye(5)).max() < 0.01


def test_nobody_says_less_wrongly_than_who_knows_the_truth() -> None:
    rows, labels = load(test=200_000, seed=5)["test"]
    assert labels is not None
    wrong = ((true_share(rows) > 0.5) != labels).double().mean()
    assert float(wrong) == pytest.approx(best_hamming(), abs=0.001)
    by_scipy = [
        quad(lambda z, middle=middle: norm.pdf(z) / (1 + np.exp(abs(middle + STRENGTH * z))), -8, 8)[0]
        for middle in MIDDLES
    ]
    assert best_hamming() == pytest.approx(np.mean(by_scipy), abs=1e-6)


def test_a_seed_decides_the_rows_and_none_are_refused() -> None:
    one, again, other = (Dataset("toy/labels", {"seed": seed}).load()["train"] for seed in (0, 0, 1))
    assert torch.equal(one.inputs, again.inputs)
    assert not torch.equal(one.inputs, other.inputs)
    assert one.targets is not None
    assert (one.targets.shape, one.targets.dtype) == ((2_000, 5), torch.int64)
    with pytest.raises(UsageError, match="test=0; expected a row or more"):
        load(test=0)
