"""Nearest neighbours against scikit-learn's, and votes that are told by hand."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from palestra.errors import UsageError
from palestra.ops import neighbours
from palestra.ops.neighbours import nearest_classes


@pytest.mark.parametrize("count", [1, 4, 7])
def test_it_is_scikit_learns(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "TOGETHER", 64)
    rng = np.random.default_rng(count)
    known, labels, asked = rng.normal(size=(300, 6)) + 40, rng.integers(0, 5, 300), rng.normal(size=(150, 6)) + 40
    theirs = KNeighborsClassifier(count, algorithm="brute").fit(known, labels).predict(asked)
    ours = nearest_classes(*map(torch.from_numpy, (asked, known, labels)), count)
    np.testing.assert_array_equal(ours.numpy(), theirs)


def test_the_first_of_several_classes_with_as_many_votes() -> None:
    known, labels = torch.tensor([[0], [1], [2], [9]], dtype=torch.uint8), torch.tensor([3, 1, 1, 0])
    asked = torch.tensor([[0], [8]], dtype=torch.uint8)
    assert nearest_classes(asked, known, labels, 1).tolist() == [3, 0]
    assert nearest_classes(asked, known, labels, 2).tolist() == [1, 0]
    assert nearest_classes(asked, known, labels, 3).tolist() == [1, 1]


def test_more_neighbours_than_there_are_is_refused() -> None:
    with pytest.raises(UsageError, match="5 neighbours of 4; expected 1 to 4"):
        nearest_classes(torch.zeros(1, 1), torch.zeros(4, 1), torch.zeros(4, dtype=torch.int64), 5)
    with pytest.raises(ValueError, match="expected 2 dimensions"):
        nearest_classes(torch.zeros(1), torch.zeros(4, 1), torch.zeros(4, dtype=torch.int64), 1)
