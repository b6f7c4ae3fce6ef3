"""Landscapes and walks: where straight descent stands after t steps is known in closed form."""

import pytest
import torch

from palestra.ops.landscapes import Quadratic, turned, walked
from palestra.ops.optimizers import SGD, Momentum

VALLEY = turned(1.0, 20.0, 30.0)
START = torch.tensor([-2.0, 0.5], dtype=torch.float64)


def test_the_gradient_is_that_of_the_value_and_curvatures_are_as_asked_for() -> None:
    leaf = START.clone().requires_grad_()
    (slope,) = torch.autograd.grad(VALLEY.value(leaf), leaf)
    torch.testing.assert_close(VALLEY.gradient(START), slope)
    torch.testing.assert_close(torch.linalg.eigvalsh(VALLEY.curvature_DD), torch.tensor([1.0, 20.0]).double())
    along = torch.tensor([3**0.5 / 2, 0.5], dtype=torch.float64)
    assert float(VALLEY.value(along)) == pytest.approx(0.5)
    assert VALLEY.value(torch.zeros(3, 4, 2, dtype=torch.float64)).shape == (3, 4)


@pytest.mark.parametrize("rate", [0.02, 0.09, 0.11])
def test_straight_down_it_is_a_power_of_one_matrix(rate: float) -> None:
    points = walked(SGD(rate), lambda point, _: VALLEY.gradient(point), START, 40)
    once = torch.eye(2, dtype=torch.float64) - rate * VALLEY.curvature_DD
    for step in (0, 1, 7, 40):
        torch.testing.assert_close(points[step], torch.linalg.matrix_power(once, step) @ START)
    grows = bool(points[-1].norm() > START.norm())
    assert grows == (rate > 2 / 20)  # twice one over the largest curvature


def test_a_walk_remembers_and_is_told_its_steps() -> None:
    bowl, seen = Quadratic(torch.eye(1, dtype=torch.float64)), []

    def gradient(point: torch.Tensor, step: int) -> torch.Tensor:
        seen.append(step)
        return bowl.gradient(point)

    points = walked(Momentum(0.1, 0.5), gradient, torch.tensor([1.0], dtype=torch.float64), 3)
    assert seen == [0, 1, 2]
    # v = 1, x = 0.9; v = 0.5 + 0.9 = 1.4, x = 0.76; v = 0.7 + 0.76 = 1.46, x = 0.614
    torch.testing.assert_close(points[:, 0], torch.tensor([1.0, 0.9, 0.76, 0.614], dtype=torch.float64))
