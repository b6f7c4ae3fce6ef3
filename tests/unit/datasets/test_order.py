"""The order of a data set is a function of seed and position: every epoch holds each row once."""

import pytest
import torch

from palestra.datasets.order import permutation, rows
from palestra.errors import UsageError


@pytest.mark.parametrize("count", [1, 4, 7, 10, 25])
def test_every_epoch_holds_each_row_once_however_it_is_cut(count: int) -> None:
    position, seen = 0, []
    while position < 30:
        batch = rows(3, position, count, 10)
        assert 0 < len(batch) <= count
        seen.append(batch)
        position += len(batch)
    epochs = torch.cat(seen).view(3, 10)
    for number, epoch in enumerate(epochs):
        assert sorted(epoch.tolist()) == list(range(10))
        assert torch.equal(epoch, permutation(3, number, 10))
    assert not torch.equal(epochs[0], epochs[1])


def test_a_batch_does_not_depend_on_those_before_it() -> None:
    permutation.cache_clear()
    assert torch.equal(rows(1, 13, 4, 10), permutation(1, 1, 10)[3:7])
    assert not torch.equal(permutation(1, 0, 10), permutation(2, 0, 10))


@pytest.mark.parametrize(("count", "size"), [(0, 5), (5, 0)])
def test_nothing_of_nothing_is_refused(count: int, size: int) -> None:
    with pytest.raises(UsageError, match=f"count={count} of {size} rows; expected at least 1 of at least 1"):
        rows(0, 0, count, size)
