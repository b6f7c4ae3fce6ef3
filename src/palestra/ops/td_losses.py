"""Errors of single action values by their targets, (B,), which Q heads weigh and average."""

from torch import Tensor
from torch.nn import functional as F

from palestra.ops.shapes import check_rank, check_same_shape


def td_loss(value_B: Tensor, target_B: Tensor, kind: str) -> Tensor:
    """(B,) losses of values by their fixed targets: ``huber`` (threshold 1; Mnih et al. 2015) or ``squared``."""
    check_rank(1, value=value_B, target=target_B)
    check_same_shape(value=value_B, target=target_B)
    if kind == "huber":
        return F.smooth_l1_loss(value_B, target_B, reduction="none")
    if kind == "squared":
        return F.mse_loss(value_B, target_B, reduction="none")
    raise ValueError(f"loss kind {kind!r}; expected 'huber' or 'squared'")


def td_loss_gradient(value_B: Tensor, target_B: Tensor, kind: str) -> Tensor:
    """Derivative (B,) of each ``td_loss`` by its value."""
    error_B = value_B - target_B
    return error_B.clamp_(-1.0, 1.0) if kind == "huber" else error_B.mul_(2.0)
