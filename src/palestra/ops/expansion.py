"""Functions of rows near a point: first and second derivatives, of all rows at once.

Where each row of the result depends on its own row of the argument alone, one pass back through the function gives a
number's derivatives for all rows together: so a Jacobian costs as many passes as a result has numbers, however many
rows there are, and those are one batch too. (Derivatives go backwards, not forwards: to load what PyTorch has for the
latter takes a second.)

    I  numbers of an argument
    O  numbers of a result
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, vjp, vmap

from palestra.ops.shapes import check_rank

Rows = Callable[[Tensor], Tensor]
"""From arguments (B, I) to results (B, O), or (B,), a row of which depends on its own row alone."""


def jacobian(function: Rows, at_BI: Tensor) -> Tensor:
    """(B, O, I) derivatives of a function of rows."""
    check_rank(2, at_BI=at_BI)
    result_BO, back = vjp(function, at_BI)[:2]

    def derivatives(which_O: Tensor) -> Tensor:
        found: Tensor = back(which_O.expand_as(result_BO))[0]
        return found

    each_OO = torch.eye(result_BO.shape[1], dtype=result_BO.dtype, device=result_BO.device)
    by_number_OBI: Tensor = vmap(derivatives)(each_OO)
    return by_number_OBI.transpose(0, 1)


def curvature(cost: Rows, at_BI: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient (B, I) and Hessian (B, I, I) of a cost (B,) of rows."""
    slope: Rows = grad(lambda point_BI: cost(point_BI).sum())
    hessian_BII = jacobian(slope, at_BI)
    return slope(at_BI), (hessian_BII + hessian_BII.mT) / 2


def convex(hessian_BII: Tensor) -> Tensor:
    """(B, I, I) the nearest matrices that bend down nowhere: negative eigenvalues become zero."""
    if not torch.linalg.cholesky_ex(hessian_BII)[1].any():
        return hessian_BII
    size_BI, direction_BII = torch.linalg.eigh(hessian_BII)
    bent_BII = direction_BII * size_BI.clamp(min=0)[:, None] @ direction_BII.mT
    already_B = size_BI[:, 0] >= 0
    return torch.where(already_B[:, None, None], hessian_BII, bent_BII)
