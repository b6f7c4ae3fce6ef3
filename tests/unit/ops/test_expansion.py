"""Derivatives of rows: those of autograd row by row, and of differences."""

import torch
from torch import Tensor

from palestra.ops.expansion import convex, curvature, jacobian

POINTS = torch.linspace(-1.0, 1.3, 12, dtype=torch.float64).view(4, 3)


def moved(rows: Tensor) -> Tensor:
    x, y, z = rows.unbind(1)
    return torch.stack((x.sin() * y, z.square() + x, x * y * z, y.exp()), 1)


def price(rows: Tensor) -> Tensor:
    x, y, z = rows.unbind(1)
    return x.cos() * y.square() + z.pow(3) - x * z


def test_a_jacobian_is_autograds_row_by_row() -> None:
    found = jacobian(moved, POINTS)
    assert found.shape == (4, 4, 3)
    for row, point in zip(found, POINTS, strict=True):
        torch.testing.assert_close(row, torch.autograd.functional.jacobian(lambda p: moved(p[None])[0], point))


def test_slope_and_curvature_are_autograds_row_by_row() -> None:
    slope, bend = curvature(price, POINTS)
    for i, point in enumerate(POINTS):
        alone = lambda p: price(p[None])[0]  # noqa: E731
        torch.testing.assert_close(slope[i], torch.autograd.functional.jacobian(alone, point))
        torch.testing.assert_close(bend[i], torch.autograd.functional.hessian(alone, point))


def test_they_are_what_differences_say() -> None:
    step = 1e-6
    by_difference = torch.stack(
        [(moved(POINTS + step * way) - moved(POINTS - step * way)) / (2 * step) for way in torch.eye(3).double()], -1
    )
    torch.testing.assert_close(jacobian(moved, POINTS), by_difference, rtol=1e-8, atol=1e-8)


def test_they_can_be_taken_where_nobody_learns() -> None:
    wanted = jacobian(moved, POINTS), *curvature(price, POINTS)
    with torch.no_grad():
        found = jacobian(moved, POINTS), *curvature(price, POINTS)
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))


def test_only_what_bends_down_is_flattened() -> None:
    up = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    turn = torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64)
    saddle = turn @ torch.diag(torch.tensor([2.0, -5.0], dtype=torch.float64)) @ turn.T
    found = convex(torch.stack((up, saddle)))
    assert torch.equal(found[0], up)
    torch.testing.assert_close(found[1], turn @ torch.diag(torch.tensor([2.0, 0.0], dtype=torch.float64)) @ turn.T)
    assert convex(up[None]) is not None
    assert torch.equal(convex(up[None])[0], up)
