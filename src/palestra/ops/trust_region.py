"""What a step inside a trust region needs: a linear solver that sees products only, and a backtracking line search."""

from collections.abc import Callable

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank


def conjugate_gradient(
    product: Callable[[Tensor], Tensor], target_K: Tensor, *, max_steps: int, tolerance: float = 1e-10
) -> Tensor:
    """Solve A x = b for a symmetric positive definite A (Hestenes & Stiefel 1952; Nocedal & Wright 2006, alg. 5.2).

    Args:
        product: (K,) x to (K,) A x.
        target_K: (K,) b.
        max_steps: products at most; in exact arithmetic K of them suffice.
        tolerance: stop at a squared residual |b - A x|^2 below this.

    Returns:
        (K,) x, from x = 0 on.
    """
    check_rank(1, target=target_K)
    x_K = torch.zeros_like(target_K)
    residual_K = target_K.clone()
    direction_K = target_K.clone()
    square = residual_K.dot(residual_K)
    for _ in range(max_steps):
        if square < tolerance:
            break
        image_K = product(direction_K)
        alpha = square / direction_K.dot(image_K)
        x_K = x_K + alpha * direction_K
        residual_K = residual_K - alpha * image_K
        next_square = residual_K.dot(residual_K)
        direction_K = residual_K + (next_square / square) * direction_K
        square = next_square
    return x_K


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
