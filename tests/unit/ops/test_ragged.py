"""Rows of unequal length laid end to end."""

import torch

from palestra.ops.ragged import ranges


def test_ranges_are_those_of_a_loop_and_empty_ones_leave_no_trace() -> None:
    begin_B, end_B = torch.tensor([3, 10, 4, 0, 7]), torch.tensor([5, 10, 7, 1, 7])
    laid = ranges(begin_B, end_B)
    assert laid.tolist() == [i for b, e in zip(begin_B.tolist(), end_B.tolist()) for i in range(b, e)]
    assert laid.dtype == torch.int64
    assert ranges(begin_B[:0], end_B[:0]).tolist() == []
