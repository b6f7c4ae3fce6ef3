"""Rings: new rows take the place of the oldest."""

import pytest
import torch

from palestra.data.ring import write_ring


@pytest.mark.parametrize("head", range(5))
@pytest.mark.parametrize("count", range(1, 6))
def test_rows_go_over_the_end_to_the_beginning(head: int, count: int) -> None:
    numbers, vectors = torch.full((5,), -1), torch.full((5, 2), -1.0)
    new = torch.arange(count)
    write_ring((numbers, vectors), (new, new[:, None].expand(count, 2).float()), head)
    expected = [-1] * 5
    for t in range(count):
        expected[(head + t) % 5] = t
    assert numbers.tolist() == expected
    assert vectors.tolist() == [[float(row)] * 2 for row in expected]
