"""Choosing among the actions that are allowed."""

import torch
from torch import Tensor

from palestra.ops.shapes import check_same_shape

LOWEST = -1e8
"""The logit of an action that is not allowed: its probability is exactly 0 in float32, and 0 * log 0 stays finite."""


def masked_logits(out_BK: Tensor, valid_BK: Tensor) -> Tensor:
    """Logits whose distribution gives nothing to what is not allowed, nor any gradient (Huang & Ontanon 2022)."""
    check_same_shape(out=out_BK, valid=valid_BK)
    return torch.where(valid_BK, out_BK, LOWEST)


def masked_values(q_BA: Tensor, valid_BA: Tensor) -> Tensor:
    """Values among which the greatest is that of an allowed action."""
    check_same_shape(q=q_BA, valid=valid_BA)
    return q_BA.masked_fill(~valid_BA, -torch.inf)


def uniform_choice(valid_BA: Tensor, uniform_B: Tensor) -> Tensor:
    """(B,) int64 allowed actions, each as likely, by one number in [0, 1) each."""
    count_BA = valid_BA.cumsum(1)
    number_B = (uniform_B * count_BA[:, -1]).long().minimum(count_BA[:, -1] - 1)
    return (count_BA <= number_B[:, None]).sum(1)
