"""Silhouettes against scikit-learn's, with groups of one row and groups that nobody is in."""

import numpy as np
import pytest
import torch
from sklearn.metrics import silhouette_samples

from palestra.errors import UsageError
from palestra.ops import silhouette
from palestra.ops.silhouette import silhouettes


def test_it_is_scikit_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silhouette, "TOGETHER", 64)
    rng = np.random.default_rng(0)
    rows, groups = rng.normal(size=(150, 3)) + 30, rng.integers(0, 4, 150)
    rows[groups == 2] += 2.0
    groups[0] = 6  # alone in its group; nobody is in 4 and 5
    ours = silhouettes(torch.from_numpy(rows), torch.from_numpy(groups))
    np.testing.assert_allclose(ours, silhouette_samples(rows, groups), rtol=1e-10, atol=1e-12)
    assert ours[0] == 0.0


def test_of_rows_that_are_all_the_same_nothing_is_told() -> None:
    assert silhouettes(torch.ones(4, 2), torch.tensor([0, 0, 1, 1])).tolist() == [0.0] * 4


def test_by_hand() -> None:
    rows = torch.tensor([[0.0], [1.0], [5.0]])
    assert silhouettes(rows, torch.tensor([0, 0, 1])).tolist() == pytest.approx([4 / 5, 3 / 4, 0.0])


def test_one_group_is_refused() -> None:
    with pytest.raises(UsageError, match="rows of 1 group; expected rows of two groups or more"):
        silhouettes(torch.zeros(3, 2), torch.ones(3, dtype=torch.int64))
