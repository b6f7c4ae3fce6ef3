"""Shares of a batch: every row is somebody's, and the weighed means of shares are the mean of the whole."""

import pytest
import torch

from palestra.ops.shares import share


@pytest.mark.parametrize("whole", [1, 2, 3, 7, 128])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_every_row_is_one_rank_s_and_the_means_add_up(whole: int, size: int) -> None:
    shares = [share(whole, rank, size) for rank in range(size)]
    rows = [list(range(each.start, each.stop)) for each in shares if each.weight]
    assert [row for part in rows for row in part] == list(range(whole))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1
    assert {each.whole for each in shares} == {whole}
    x = torch.arange(whole).double().square()
    total = sum(float(x[each.start : each.stop].mean()) * each.weight for each in shares)
    assert total == pytest.approx(float(x.mean()))


def test_a_rank_without_a_row_is_given_one_that_counts_for_nothing() -> None:
    assert [tuple(share(1, rank, 2)) for rank in range(2)] == [(0, 1, 1, 0.0), (0, 1, 1, 1.0)]
