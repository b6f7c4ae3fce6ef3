"""The least of a quadratic function between bounds: what an action may be that has limits."""

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank, check_same_shape

SWEEPS = 50
"""At most; by then it stands which bounds hold. A problem of one number takes a single one."""


def box_qp(hessian_BAA: Tensor, gradient_BA: Tensor, low_BA: Tensor, high_BA: Tensor) -> tuple[Tensor, Tensor]:
    """argmin_x 1/2 x'H x + g'x with low <= x <= high, of B problems side by side.

    By coordinate descent, each coordinate in turn going to the best place that its bounds allow (it converges for every
    positive definite H, Tseng 2001, and needs no guess at which bounds hold), and then by one step of Newton's method
    among the coordinates that no bound holds.

    Args:
        hessian_BAA: positive definite.
        gradient_BA: g.
        low_BA: bounds; infinite where there are none.
        high_BA: likewise.

    Returns:
        The place, (B, A), and which of its coordinates a little change of the problem would move, (B, A) bool.
    """
    check_rank(3, hessian_BAA=hessian_BAA)
    check_same_shape(gradient_BA=gradient_BA, low_BA=low_BA, high_BA=high_BA)
    place_BA, alone = torch.zeros_like(gradient_BA).clamp(low_BA, high_BA), gradient_BA.shape[1] == 1
    for _ in range(SWEEPS):
        before_BA = place_BA
        for i in range(place_BA.shape[1]):
            slope_B = (hessian_BAA[:, i] * place_BA).sum(1) + gradient_BA[:, i]
            best_B = (place_BA[:, i] - slope_B / hessian_BAA[:, i, i]).clamp(low_BA[:, i], high_BA[:, i])
            place_BA = torch.cat((place_BA[:, :i], best_B[:, None], place_BA[:, i + 1 :]), 1)
        if alone or torch.equal(place_BA, before_BA):
            break
    slope_BA = (hessian_BAA @ place_BA[..., None])[..., 0] + gradient_BA
    held_BA = ((place_BA <= low_BA) & (slope_BA > 0)) | ((place_BA >= high_BA) & (slope_BA < 0))
    if not alone:
        step_BA = torch.linalg.solve(free_block(hessian_BAA, ~held_BA), slope_BA.masked_fill(held_BA, 0.0))
        place_BA = (place_BA - step_BA).clamp(low_BA, high_BA)
    return place_BA, ~held_BA


def free_block(hessian_BAA: Tensor, free_BA: Tensor) -> Tensor:
    """(B, A, A) what of matrices is among free coordinates, and the identity for all others."""
    one_AA = torch.eye(hessian_BAA.shape[1], dtype=hessian_BAA.dtype, device=hessian_BAA.device)
    return torch.where(free_BA[:, :, None] & free_BA[:, None, :], hessian_BAA, one_AA)
