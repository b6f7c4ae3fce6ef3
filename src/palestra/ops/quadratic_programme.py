"""The least of convex quadratic functions within half-spaces, many at once: what limits leave of what is wanted.

    argmin_x 1/2 x'H x + g'x   with   G x <= h

by a primal-dual interior-point method with Mehrotra's predictor and corrector (Mehrotra 1992; Nocedal & Wright 2006,
section 16.6): Newton's method on

    H x + g + G'z = 0,   G x + s = h,   s z = mu,   s, z > 0,   with mu led to 0.

Some ten to twenty steps whatever the problem, each one linear equation a row; so rows are done side by side. Bounds
alone are :func:`palestra.ops.box_qp.box_qp`'s affair.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank

STEPS = 60
"""At most."""
TOLERANCE, GAP = 1e-10, 1e-14
"""Of the first two conditions above and of mu, beside the numbers of the problem."""
NEARLY = 0.995
"""Part of the way to where an s or z would vanish that a step goes at most."""


class Programme(NamedTuple):
    """Problems side by side."""

    hessian_BAA: Tensor
    """H, symmetric and positive definite."""
    gradient_BA: Tensor
    """g."""
    rows_BLA: Tensor
    """G; there may be none."""
    most_BL: Tensor
    """h."""


class Solution(NamedTuple):
    """What came of them."""

    place_BA: Tensor
    """x."""
    price_BL: Tensor
    """z: how fast the least value would fall if a limit gave way."""
    solved_B: Tensor
    """Bool; not where limits contradict one another."""


def solve_programme(problem: Programme) -> Solution:
    """Where the functions are least within the limits, and which of the problems had a solution."""
    hessian_BAA, gradient_BA, rows_BLA, most_BL = problem
    check_rank(3, hessian_BAA=hessian_BAA, rows_BLA=rows_BLA)
    check_rank(2, gradient_BA=gradient_BA, most_BL=most_BL)
    if rows_BLA.shape[1] == 0:
        place_BA = torch.linalg.solve_ex(hessian_BAA, -gradient_BA[..., None])[0].squeeze(2)
        return Solution(place_BA, most_BL, place_BA.isfinite().all(1))
    x_BA, s_BL, z_BL = _begin(problem)
    scale_B = 1 + torch.maximum(gradient_BA.abs().amax(1), most_BL.abs().amax(1))
    solved_B = torch.zeros_like(scale_B, dtype=torch.bool)
    for _ in range(STEPS):
        dual_BA = _times(hessian_BAA, x_BA) + gradient_BA + _times(rows_BLA.mT, z_BL)
        primal_BL = _times(rows_BLA, x_BA) + s_BL - most_BL
        gap_B = (s_BL * z_BL).mean(1)
        worst_B = torch.maximum(dual_BA.abs().amax(1), primal_BL.abs().amax(1))
        solved_B = (worst_B <= TOLERANCE * scale_B) & (gap_B <= GAP * scale_B)
        if bool(solved_B.all()):
            break
        step = _newton(problem, s_BL, z_BL, dual_BA, primal_BL)
        _, ds_BL, dz_BL = step(s_BL * z_BL)  # the predictor: straight to mu = 0
        length_B1 = _length(s_BL, ds_BL, z_BL, dz_BL, 1.0)
        left_B = ((s_BL + length_B1 * ds_BL) * (z_BL + length_B1 * dz_BL)).mean(1)
        centre_B1 = ((left_B / gap_B) ** 3 * gap_B)[:, None]
        dx_BA, ds_BL, dz_BL = step(s_BL * z_BL + ds_BL * dz_BL - centre_B1)  # and the corrector
        length_B1 = _length(s_BL, ds_BL, z_BL, dz_BL, NEARLY).masked_fill(solved_B[:, None], 0.0)
        x_BA = _moved(x_BA, length_B1, dx_BA)
        s_BL, z_BL = _moved(s_BL, length_B1, ds_BL), _moved(z_BL, length_B1, dz_BL)
    return Solution(x_BA, z_BL, solved_B)


def _begin(problem: Programme) -> tuple[Tensor, Tensor, Tensor]:
    """The least of 1/2 x'H x + g'x + |G x - h|^2 / 2, and slacks and prices from it, lifted above zero."""
    hessian_BAA, gradient_BA, rows_BLA, most_BL = problem
    square_BAA = hessian_BAA + rows_BLA.mT @ rows_BLA
    x_BA = torch.linalg.solve_ex(square_BAA, (_times(rows_BLA.mT, most_BL) - gradient_BA)[..., None])[0].squeeze(2)
    slack_BL = most_BL - _times(rows_BLA, x_BA)
    low_B1, high_B1 = slack_BL.amin(1, keepdim=True), slack_BL.amax(1, keepdim=True)
    s_BL = torch.where(low_B1 > 0, slack_BL, slack_BL - low_B1 + 1)
    z_BL = torch.where(high_B1 < 0, -slack_BL, high_B1 - slack_BL + 1)
    return x_BA, s_BL, z_BL


def _newton(
    problem: Programme, s_BL: Tensor, z_BL: Tensor, dual_BA: Tensor, primal_BL: Tensor
) -> Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]:
    """Newton's step, as a function of what s z has too much; its matrix is taken apart once for both uses.

    With ds = -primal - G dx and dz = (z (primal + G dx) - excess) / s what is left is
    (H + G' (z/s) G) dx = -dual - G' (z primal - excess) / s.
    """
    hessian_BAA, _, rows_BLA, _ = problem
    weight_BL = z_BL / s_BL
    square_BAA = hessian_BAA + rows_BLA.mT @ (weight_BL[..., None] * rows_BLA)
    factors, pivots, _ = torch.linalg.lu_factor_ex(square_BAA)

    def step(excess_BL: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        right_BA = -dual_BA - _times(rows_BLA.mT, weight_BL * primal_BL - excess_BL / s_BL)
        dx_BA = torch.linalg.lu_solve(factors, pivots, right_BA[..., None]).squeeze(2)
        ds_BL = -primal_BL - _times(rows_BLA, dx_BA)
        return dx_BA, ds_BL, -(excess_BL + z_BL * ds_BL) / s_BL

    return step


def _length(s_BL: Tensor, ds_BL: Tensor, z_BL: Tensor, dz_BL: Tensor, part: float) -> Tensor:
    """(B, 1): how much of a step leaves s and z above zero, and at most all of it."""
    both_BL, step_BL = torch.cat((s_BL, z_BL), 1), torch.cat((ds_BL, dz_BL), 1)
    most_BL = torch.where(step_BL < 0, -both_BL / step_BL, torch.inf)
    return (part * most_BL.amin(1, keepdim=True)).clamp_max(1.0)


def _moved(from_BL: Tensor, length_B1: Tensor, step_BL: Tensor) -> Tensor:
    """A row that does not move stays as it is, whatever its step."""
    return torch.where(length_B1 > 0, from_BL + length_B1 * step_BL, from_BL)


def _times(matrix_BLA: Tensor, vector_BA: Tensor) -> Tensor:
    return (matrix_BLA @ vector_BA[..., None]).squeeze(-1)
