"""Distributional reinforcement learning: projections and losses of return distributions, and their derivatives.

A distribution is either categorical, probabilities over Z fixed atoms (Bellemare, Dabney & Munos 2017,
https://arxiv.org/abs/1707.06887), or Z values that stand for its quantiles at (i + 1/2) / Z (Dabney et al. 2018,
https://arxiv.org/abs/1710.10044). Losses are (B,), one a sample, and ``*_gradient`` is the derivative of that sample's
loss in closed form; ``tests/unit/ops/test_distributional.py`` holds each equal to what autograd makes of the loss.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.ops.shapes import check_rank, check_same_shape


def project_categorical(prob_BZ: Tensor, return_B: Tensor, discount_B: Tensor, support_Z: Tensor) -> Tensor:
    """The distribution of ``return + discount * X`` for X ~ ``prob`` on ``support``, put back onto the support.

    Each atom is moved, clipped to the ends of the support, and its probability shared between its two neighbours
    there in proportion to their nearness (Bellemare et al. 2017, eq. 7). The mean is kept where nothing is clipped.

    Args:
        prob_BZ: (B, Z) probabilities.
        return_B: (B,) rewards.
        discount_B: (B,) factor of the bootstrap, 0 after a terminal state.
        support_Z: (Z,) evenly spaced atoms, at least two.

    Returns:
        (B, Z) probabilities.
    """
    check_rank(2, prob=prob_BZ)
    check_rank(1, returns=return_B, discount=discount_B, support=support_Z)
    last = len(support_Z) - 1
    spacing = (support_Z[-1] - support_Z[0]) / last
    moved_BZ = torch.addcmul(return_B[:, None], discount_B[:, None], support_Z)
    position_BZ = ((moved_BZ - support_Z[0]) / spacing).clamp(0, last)
    # The lower neighbour of the last atom is the one before it, so that an atom which falls onto one loses nothing.
    lower_BZ = position_BZ.floor().clamp(max=last - 1)
    upper_prob_BZ = prob_BZ * (position_BZ - lower_BZ)
    lower_BZ = lower_BZ.long()
    out_BZ = torch.zeros_like(prob_BZ).scatter_add_(1, lower_BZ, prob_BZ - upper_prob_BZ)
    return out_BZ.scatter_add_(1, lower_BZ + 1, upper_prob_BZ)


def categorical_loss(logits_BZ: Tensor, target_BZ: Tensor) -> Tensor:
    """(B,) cross-entropy -sum_i m_i log p_i of target probabilities (Bellemare et al. 2017, algorithm 1)."""
    check_rank(2, logits=logits_BZ, target=target_BZ)
    check_same_shape(logits=logits_BZ, target=target_BZ)
    return -(target_BZ * F.log_softmax(logits_BZ, 1)).sum(1)


def categorical_loss_gradient(logits_BZ: Tensor, target_BZ: Tensor) -> Tensor:
    """Derivative (B, Z) of ``categorical_loss`` by the logits: p - m."""
    return torch.softmax(logits_BZ, 1) - target_BZ


def categorical_divergence(logits_BZ: Tensor, target_BZ: Tensor) -> Tensor:
    """(B,) KL(m || p): the cross-entropy less the entropy of the target, 0 where the prediction is the target."""
    return categorical_loss(logits_BZ, target_BZ) + torch.xlogy(target_BZ, target_BZ).sum(1)


def quantile_huber_loss(quantile_BZ: Tensor, target_BZ: Tensor) -> Tensor:
    """(B,) quantile Huber loss with threshold 1: sum_i E_j[|tau_i - 1{u_ij < 0}| huber(u_ij)], u_ij = T_j - theta_i.

    Dabney et al. 2018, eqs. 9 and 10.
    """
    check_rank(2, quantile=quantile_BZ, target=target_BZ)
    error_BZZ = target_BZ[:, None, :] - quantile_BZ[:, :, None]
    huber_BZZ = F.smooth_l1_loss(error_BZZ, torch.zeros_like(error_BZZ), reduction="none")
    return (_asymmetry(error_BZZ) * huber_BZZ).mean(2).sum(1)


def quantile_huber_loss_gradient(quantile_BZ: Tensor, target_BZ: Tensor) -> Tensor:
    """Derivative (B, Z) of ``quantile_huber_loss`` by the quantiles: -E_j[|tau_i - 1{u_ij < 0}| clip(u_ij, -1, 1)]."""
    error_BZZ = target_BZ[:, None, :] - quantile_BZ[:, :, None]
    return -(_asymmetry(error_BZZ) * error_BZZ.clamp(-1.0, 1.0)).mean(2)


def _asymmetry(error_BZZ: Tensor) -> Tensor:
    """|tau_i - 1{u_ij < 0}| at the midpoints tau_i = (i + 1/2) / Z (Dabney et al. 2018, lemma 2)."""
    num = error_BZZ.shape[1]
    tau_Z = (torch.arange(num, device=error_BZZ.device, dtype=error_BZZ.dtype) + 0.5) / num
    return (tau_Z[:, None] - (error_BZZ < 0).to(error_BZZ.dtype)).abs_()
