"""Rows of unequal length laid end to end."""

import torch
from torch import Tensor


def ranges(begin_B: Tensor, end_B: Tensor) -> Tensor:
    """begin[0] .. end[0] - 1, begin[1] .. end[1] - 1, ... in one vector of int64; ``begin`` and ``end`` (B,) int64."""
    length_B = end_B - begin_B
    shift_B = begin_B - (length_B.cumsum(0) - length_B)
    total = int(length_B.sum())
    return torch.arange(total, device=begin_B.device) + shift_B.repeat_interleave(length_B, output_size=total)
