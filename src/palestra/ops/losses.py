"""Losses of the deep learners, each with the equation it implements and its derivative in closed form.

They are terms of a whole loss, scalars by the mean; but for those of single samples, (B,), which Q heads weigh and
average. ``tests/unit/ops/test_losses.py`` holds each derivative equal to numerical differences of the value.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.ops.shapes import check_rank, check_same_shape
from palestra.ops.terms import Term


def clipped_surrogate(log_prob_B: Tensor, old_log_prob_B: Tensor, advantage_B: Tensor, clip_range: float) -> Term:
    """-E[min(r A, clip(r, 1 - eps, 1 + eps) A)] (Schulman et al. 2017, eq. 7, negated for descent), by log pi."""
    ratio_B = _ratio(log_prob_B, old_log_prob_B, advantage_B)

    def clipped_B() -> Tensor:
        return ratio_B.clamp(1.0 - clip_range, 1.0 + clip_range) * advantage_B

    def slope_B() -> Tensor:  # -r A / B where the minimum is the unclipped term, or 0
        unclipped_B = ratio_B * advantage_B
        return unclipped_B * (unclipped_B <= clipped_B()) * (-1.0 / len(ratio_B))

    return Term(lambda: -torch.minimum(ratio_B * advantage_B, clipped_B()).mean(), (log_prob_B, slope_B))


def surrogate(log_prob_B: Tensor, old_log_prob_B: Tensor, advantage_B: Tensor) -> Term:
    """-E[r A], what the policy gains to first order (Schulman et al. 2015, eq. 14, negated for descent), by log pi."""
    ratio_B = _ratio(log_prob_B, old_log_prob_B, advantage_B)
    return Term(
        lambda: -(ratio_B * advantage_B).mean(),
        (log_prob_B, lambda: ratio_B * advantage_B * (-1.0 / len(ratio_B))),
    )


@torch.no_grad()
def _ratio(log_prob_B: Tensor, old_log_prob_B: Tensor, advantage_B: Tensor) -> Tensor:
    """(B,) r = pi / pi_old."""
    check_rank(1, log_prob=log_prob_B, old_log_prob=old_log_prob_B, advantage=advantage_B)
    check_same_shape(log_prob=log_prob_B, old_log_prob=old_log_prob_B, advantage=advantage_B)
    return (log_prob_B - old_log_prob_B).exp()


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
    value_B = value_B1.detach().squeeze(1)
    check_rank(1, value_column=value_B, returns=return_B)
    check_same_shape(value=value_B, returns=return_B)
    if clip_range is None or old_value_B is None:
        return Term(
            lambda: F.mse_loss(value_B, return_B),
            (value_B1, lambda: ((value_B - return_B) * (2.0 / len(value_B)))[:, None]),
        )
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


def mean(x: Tensor) -> Term:
    """E[x]."""
    return Term(lambda: x.mean(), (x, lambda: 1.0 / x.numel()))


def squared_error(q_MB1: Tensor, target_B: Tensor) -> Term:
    """sum_i E[(Q_i - y)^2] of M critics side by side, all towards the same targets."""
    check_rank(3, q=q_MB1)
    check_rank(1, target=target_B)
    q_MB = q_MB1.detach().squeeze(2)
    check_rank(2, q_column=q_MB)
    check_same_shape(q=q_MB[0], target=target_B)
    error_MB1 = q_MB1.detach() - target_B[:, None]
    return Term(
        lambda: error_MB1.square().mean(1).sum(),
        (q_MB1, lambda: error_MB1 * (2.0 / len(target_B))),
    )


def mean_of_least(q_MB1: Tensor) -> Term:
    """E[min_i Q_i], whose derivative goes to the critic that gave the least."""
    check_rank(3, q=q_MB1)
    q_MB1, recorded_MB1 = q_MB1.detach(), q_MB1

    def slope_MB1() -> Tensor:
        return torch.zeros_like(q_MB1).scatter_(0, q_MB1.argmin(0, keepdim=True), 1.0 / q_MB1[0].numel())

    return Term(lambda: q_MB1.amin(0).mean(), (recorded_MB1, slope_MB1))


def entropy_to_hold(log_alpha: Tensor, log_prob_B: Tensor, target_entropy: float) -> Term:
    """E[-log alpha (log pi(a|s) + H)] (Haarnoja et al. 2018, eq. 18, in log alpha as its authors' code has it).

    It raises alpha where the entropy is below the target H, and lowers it where it is above.
    """
    check_rank(1, log_prob=log_prob_B)
    surplus = log_prob_B.detach().mean() + target_entropy
    return Term(lambda: -log_alpha * surplus, (log_alpha, lambda: -surplus))


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
    return error_B.clamp(-1.0, 1.0) if kind == "huber" else 2.0 * error_B
