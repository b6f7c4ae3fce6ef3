"""Outliers: what is normal has the moments that are told, and the best F1 is what the densities come to."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from palestra.datasets.dataset import Dataset
from palestra.datasets.outliers import DEVIATION, MIDDLE, REACH, SHARE, best_f1, load
from palestra.errors import UsageError


def test_the_best_f1_is_that_of_the_best_threshold_on_the_true_density() -> None:
    points, which = Dataset("toy/outliers", {"test": 400_000, "seed": 3}).load()["test"]
    assert which is not None
    radius = (((points - torch.tensor(MIDDLE)) / torch.tensor(DEVIATION)) ** 2).sum(1).sqrt().numpy()
    found = [f1_score(which.numpy(), radius > each) for each in np.linspace(2.5, 4.5, 41)]
    assert max(found) == pytest.approx(best_f1(), abs=0.006)


def test_rows_are_as_they_are_told() -> None:
    points, which = load(train=100_000)["train"]
    assert which is not None
    assert float(which.double().mean()) == SHARE
    normal, outlying = points[which == 0].numpy(), points[which == 1].numpy()
    np.testing.assert_allclose(normal.mean(0), MIDDLE, atol=0.02)
    np.testing.assert_allclose(normal.std(0), DEVIATION, rtol=0.02)
    assert abs(np.corrcoef(normal.T)[0, 1]) < 0.02
    reach = np.abs((outlying - MIDDLE) / DEVIATION)
    assert 0.99 * REACH < reach.max() <= REACH * (1 + 1e-5)
    assert reach.mean() == pytest.approx(REACH / 2, rel=0.02)


def test_a_seed_decides_the_rows_and_too_few_are_refused() -> None:
    one, again, other = (load(seed=seed)["test"].inputs for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    with pytest.raises(UsageError, match="validation=19; expected 20 rows or more"):
        load(validation=19)
