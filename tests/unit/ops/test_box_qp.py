"""The least of a quadratic function between bounds is SciPy's."""

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear
from torch import Tensor

from palestra.ops.box_qp import box_qp


def problems(count: int, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Positive definite ones, at whose answers some bounds hold."""
    rng = torch.Generator().manual_seed(size)
    root = torch.randn(count, size, size, generator=rng, dtype=torch.float64)
    bounds = torch.rand(2, count, size, generator=rng, dtype=torch.float64)
    gradient = torch.randn(count, size, generator=rng, dtype=torch.float64)
    return root @ root.mT + 0.1 * torch.eye(size, dtype=torch.float64), gradient, -bounds[0], bounds[1]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_it_is_scipys(size: int) -> None:
    hessian, gradient, low, high = problems(20, size)
    place, free = box_qp(hessian, gradient, low, high)
    for i in range(20):
        root = np.linalg.cholesky(hessian[i].numpy())
        # 1/2 x'LL'x + g'x is 1/2 |L'x + L^-1 g|^2, but for a constant
        found = lsq_linear(
            root.T, -np.linalg.solve(root, gradient[i].numpy()), (low[i].numpy(), high[i].numpy()), tol=1e-14
        )
        np.testing.assert_allclose(place[i].numpy(), found.x, atol=1e-6)
    assert ((place >= low) & (place <= high)).all()
    slope = (hessian @ place[..., None])[..., 0] + gradient
    assert float(slope[free].abs().max()) < 1e-9
    assert 0 < int(free.sum()) < free.numel()


def test_without_bounds_it_is_newtons_step() -> None:
    hessian, gradient, low, _ = problems(20, 3)
    place, free = box_qp(hessian, gradient, low - torch.inf, low + torch.inf)
    torch.testing.assert_close(place, -torch.linalg.solve(hessian, gradient), rtol=1e-8, atol=1e-8)
    assert free.all()


def test_a_place_at_a_bound_that_does_not_press_is_free() -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    place, free = box_qp(one[None], -one, 0 * one, one)
    assert (place.item(), free.item()) == (1.0, True)
    place, free = box_qp(one[None], -2 * one, 0 * one, one)
    assert (place.item(), free.item()) == (1.0, False)
