"""Losses of the deep learners, each with the equation it implements. All reduce to a scalar by the mean.

``*_gradient`` is the derivative of a loss in closed form, (B,), for update steps whose time autograd would dominate;
``tests/unit/ops/test_losses.py`` holds each equal to what autograd makes of the loss.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.ops.shapes import check_rank, check_same_shape


def clipped_surrogate(ratio_B: Tensor, advantage_B: Tensor, clip_range: float) -> Tensor:
    """-E[min(r A, clip(r, 1 - eps, 1 + eps) A)] (Schulman et al. 2017, eq. 7, negated for descent)."""
    check_rank(1, ratio=ratio_B, advantage=advantage_B)
    check_same_shape(ratio=ratio_B, advantage=advantage_B)
    clipped_B = ratio_B.clamp(1.0 - clip_range, 1.0 + clip_range)
    return -torch.minimum(ratio_B * advantage_B, clipped_B * advantage_B).mean()


def clipped_surrogate_gradient(ratio_B: Tensor, advantage_B: Tensor, clip_range: float) -> Tensor:
    """Derivative of ``clipped_surrogate`` by the log ratio: -r A / B where the minimum is the unclipped term, or 0."""
    unclipped_B = ratio_B * advantage_B
    clipped_B = ratio_B.clamp(1.0 - clip_range, 1.0 + clip_range) * advantage_B
    return unclipped_B * (unclipped_B <= clipped_B) * (-1.0 / len(ratio_B))


def surrogate(ratio_B: Tensor, advantage_B: Tensor) -> Tensor:
    """-E[r A], what the policy gains to first order (Schulman et al. 2015, eq. 14, negated for descent)."""
    check_rank(1, ratio=ratio_B, advantage=advantage_B)
    check_same_shape(ratio=ratio_B, advantage=advantage_B)
    return -(ratio_B * advantage_B).mean()


def surrogate_gradient(ratio_B: Tensor, advantage_B: Tensor) -> Tensor:
    """Derivative of ``surrogate`` by the log ratio; at ratio 1 it is the policy gradient, -A grad log pi."""
    return ratio_B * advantage_B * (-1.0 / len(ratio_B))


def value_loss(value_B: Tensor, return_B: Tensor, old_value_B: Tensor, clip_range: float | None) -> Tensor:
    """E[(V - G)^2], or with ``clip_range`` the larger of it and the loss of V kept within that range of the old value.

    The clipped form is the one of OpenAI Baselines' PPO; it is not in the paper.
    """
    check_rank(1, value=value_B, returns=return_B, old_value=old_value_B)
    check_same_shape(value=value_B, returns=return_B, old_value=old_value_B)
    if clip_range is None:
        return F.mse_loss(value_B, return_B)
    clipped_B = old_value_B + (value_B - old_value_B).clamp(-clip_range, clip_range)
    return torch.maximum((value_B - return_B).square(), (clipped_B - return_B).square()).mean()


def value_loss_gradient(value_B: Tensor, return_B: Tensor, old_value_B: Tensor, clip_range: float | None) -> Tensor:
    """Derivative of ``value_loss`` by the value."""
    error_B = value_B - return_B
    if clip_range is None:
        return error_B * (2.0 / len(value_B))
    moved_B = value_B - old_value_B
    clipped_error_B = old_value_B + moved_B.clamp(-clip_range, clip_range) - return_B
    # Within the range both errors are the same; beyond it the clipped one, where it is the larger, has no gradient.
    counts_B = (moved_B.abs() <= clip_range) | (error_B.abs() >= clipped_error_B.abs())
    return error_B * counts_B * (2.0 / len(value_B))


def approximate_kl(log_ratio_B: Tensor) -> Tensor:
    """The low-variance, never negative estimate E[(r - 1) - log r] of KL(old || new) (Schulman 2020, "k3")."""
    check_rank(1, log_ratio=log_ratio_B)
    return (torch.expm1(log_ratio_B) - log_ratio_B).mean()


def td_loss(value_B: Tensor, target_B: Tensor, kind: str) -> Tensor:
    """Mean loss between values and their fixed targets: ``huber`` (threshold 1; Mnih et al. 2015) or ``squared``."""
    check_rank(1, value=value_B, target=target_B)
    check_same_shape(value=value_B, target=target_B)
    if kind == "huber":
        return F.smooth_l1_loss(value_B, target_B)
    if kind == "squared":
        return F.mse_loss(value_B, target_B)
    raise ValueError(f"loss kind {kind!r}; expected 'huber' or 'squared'")


def td_loss_gradient(value_B: Tensor, target_B: Tensor, kind: str) -> Tensor:
    """Derivative of ``td_loss`` by the value."""
    error_B = value_B - target_B
    return (error_B.clamp(-1.0, 1.0) if kind == "huber" else 2.0 * error_B) / len(value_B)
