"""What a step inside a trust region needs: a linear solver that sees products only, and a backtracking line search."""

from collections.abc import Callable

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank


def conjugate_gradient(
    product: Callable[[Tensor], Tensor], target_D: Tensor, *, max_steps: int, tolerance: float = 1e-10
) -> Tensor:
    """Solve A x = b for a symmetric positive definite A (Hestenes & Stiefel 1952; Nocedal & Wright 2006, alg. 5.2).

    Args:
        product: (D,) x to (D,) A x.
        target_D: (D,) b.
        max_steps: products at most; in exact arithmetic D of them suffice.
        tolerance: stop at a squared residual |b - A x|^2 below this.

    Returns:
        (D,) x, from x = 0 on.
    """
    check_rank(1, target=target_D)
    x_D = torch.zeros_like(target_D)
    residual_D = target_D.clone()
    direction_D = target_D.clone()
    square = residual_D.dot(residual_D)
    for _ in range(max_steps):
        if square < tolerance:
            break
        image_D = product(direction_D)
        alpha = square / direction_D.dot(image_D)
        x_D = x_D + alpha * direction_D
        residual_D = residual_D - alpha * image_D
        next_square = residual_D.dot(residual_D)
        direction_D = residual_D + (next_square / square) * direction_D
        square = next_square
    return x_D


def backtrack(accepts: Callable[[float], bool], *, shrink: float, max_steps: int) -> float:
    """The first of 1, shrink, shrink^2, ... (``max_steps`` of them) that ``accepts``, or 0 if it takes none."""
    fraction = 1.0
    for _ in range(max_steps):
        if accepts(fraction):
            return fraction
        fraction *= shrink
    return 0.0


def adapted_penalty(beta: float, kl: float, target: float) -> float:
    """The price of divergence for the next iteration, from the divergence of this one (Schulman et al. 2017, sec. 4).

    Halved below target / 1.5, doubled above 1.5 target; kept within 1e-4 and 1e4, so that it can find back in time.
    """
    if kl < target / 1.5:
        beta /= 2.0
    elif kl > target * 1.5:
        beta *= 2.0
    return min(max(beta, 1e-4), 1e4)
