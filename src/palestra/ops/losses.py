"""Losses of policies and their values, each with the equation it implements and its derivative in closed form.

They are terms of a whole loss, scalars by the mean. ``tests/unit/ops/test_losses.py`` holds each derivative equal to
numerical differences of the value.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.ops.shapes import check_rank, check_same_shape
from palestra.ops.terms import Term


def standardised(sample_B: Tensor, among_L: Tensor | None = None) -> Tensor:
    """(B,) samples with mean 0 and standard deviation 1 among (L,) of which they are a part, by themselves if None.

    (Nearly) equal ones become (nearly) 0.
    """
    among_L = sample_B if among_L is None else among_L
    return (sample_B - among_L.mean()) / (among_L.std() + 1e-8)


def clipped_surrogate(log_prob_B: Tensor, old_log_prob_B: Tensor, advantage_B: Tensor, clip_range: float) -> Term:
    """-E[min(r A, clip(r, 1 - eps, 1 + eps) A)] (Schulman et al. 2017, eq. 7, negated for descent), by log pi."""
    ratio_B = _ratio(log_prob_B, old_log_prob_B, advantage_B)
    unclipped_B = ratio_B * advantage_B
    clipped_B = ratio_B.clamp(1.0 - clip_range, 1.0 + clip_range) * advantage_B
    return Term(
        lambda: -torch.minimum(unclipped_B, clipped_B).mean(),
        # -r A / B where the minimum is the unclipped term, or 0
        (log_prob_B, lambda: unclipped_B * (unclipped_B <= clipped_B) * (-1.0 / len(ratio_B))),
    )


def surrogate(log_prob_B: Tensor, old_log_prob_B: Tensor, advantage_B: Tensor) -> Term:
    """-E[r A], what the policy gains to first order (Schulman et al. 2015, eq. 14, negated for descent), by log pi."""
    gain_B = _ratio(log_prob_B, old_log_prob_B, advantage_B) * advantage_B
    return Term(lambda: -gain_B.mean(), (log_prob_B, lambda: gain_B * (-1.0 / len(gain_B))))


def _ratio(log_prob_B: Tensor, old_log_prob_B: Tensor, advantage_B: Tensor) -> Tensor:
    """(B,) r = pi / pi_old, as a constant."""
    check_rank(1, log_prob=log_prob_B, old_log_prob=old_log_prob_B, advantage=advantage_B)
    check_same_shape(log_prob=log_prob_B, old_log_prob=old_log_prob_B, advantage=advantage_B)
    return (log_prob_B.detach() - old_log_prob_B).exp()


def policy_gradient(log_prob_B: Tensor, weight_B: Tensor) -> Term:
    """-E[Phi log pi(a|s)], whose derivative is minus the policy gradient (Schulman et al. 2016, eq. 1)."""
    check_rank(1, log_prob=log_prob_B, weight=weight_B)
    check_same_shape(log_prob=log_prob_B, weight=weight_B)
    return Term(
        lambda: -(weight_B * log_prob_B).mean(),
        (log_prob_B, lambda: weight_B * (-1.0 / len(weight_B))),
    )


def value_error(
    value_B1: Tensor, return_B: Tensor, old_value_B: Tensor | None = None, clip_range: float | None = None
) -> Term:
    """E[(V - G)^2], or with ``clip_range`` the larger of it and the loss of V kept within that range of the old value.

    The clipped form is the one of OpenAI Baselines' PPO; it is not in the paper. Values are a column, as a network
    gives them.
    """
    check_rank(2, value=value_B1)
    check_rank(1, returns=return_B)
    return_B1 = return_B[:, None]
    check_same_shape(value=value_B1, returns=return_B1)
    if clip_range is None or old_value_B is None:
        return Term(
            lambda: F.mse_loss(value_B1, return_B1),
            (value_B1, lambda: (value_B1 - return_B1) * (2.0 / len(return_B))),
        )
    value_B = value_B1.detach().squeeze(1)
    check_rank(1, old_value=old_value_B)
    check_same_shape(value=value_B, old_value=old_value_B)
    moved_B, error_B = value_B - old_value_B, value_B - return_B
    clipped_error_B = old_value_B + moved_B.clamp(-clip_range, clip_range) - return_B

    def slope_B1() -> Tensor:
        # Within the range both errors are the same; beyond it the clipped one, where it is the larger, has no gradient.
        counts_B = (moved_B.abs() <= clip_range) | (error_B.abs() >= clipped_error_B.abs())
        return (error_B * counts_B * (2.0 / len(value_B)))[:, None]

    return Term(lambda: torch.maximum(error_B.square(), clipped_error_B.square()).mean(), (value_B1, slope_B1))


def approximate_kl(log_ratio_B: Tensor) -> Tensor:
    """The low-variance, never negative estimate E[(r - 1) - log r] of KL(old || new) (Schulman 2020, "k3")."""
    check_rank(1, log_ratio=log_ratio_B)
    return (torch.expm1(log_ratio_B) - log_ratio_B).mean()
