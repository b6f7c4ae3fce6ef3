"""The order of a data set is a function of seed and position."""

import pytest
import torch

from palestra.datasets.order import permutation, rows
from palestra.errors import UsageError


def test_an_epoch_is_a_permutation_of_its_own() -> None:
    first, second = permutation(0, 0, 50), permutation(0, 1, 50)
    assert first.sort().values.tolist() == second.sort().values.tolist() == list(range(50))
    assert not torch.equal(first, second)
    assert not torch.equal(first, permutation(1, 0, 50))
    permutation.cache_clear()
    assert torch.equal(permutation(0, 0, 50), first)


def test_a_batch_ends_with_its_epoch() -> None:
    assert torch.equal(rows(0, 46, 8, 50), permutation(0, 0, 50)[46:])
    assert torch.equal(rows(0, 50, 8, 50), permutation(0, 1, 50)[:8])


@pytest.mark.parametrize(("count", "size"), [(0, 5), (5, 0)])
def test_nothing_cannot_be_ordered(count: int, size: int) -> None:
    with pytest.raises(UsageError, match=f"count={count} of {size} rows"):
        rows(0, 0, count, size)
