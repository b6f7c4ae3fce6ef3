"""Landscapes and walks: where straight descent stands after t steps is known in closed form."""

import pytest
import torch

from palestra.ops.landscapes import Banana, Landscape, Quadratic, Saddle, Waves, turned, walked
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


@pytest.mark.parametrize(
    ("landscape", "lowest"),
    [(Banana(), [[1, 1]]), (Banana(100.0), [[1, 1]]), (Waves(), [[0, 0]]), (Saddle(), [[-1, 0], [1, 0]])],
)
def test_other_landscapes_have_their_gradient_and_are_zero_where_they_are_lowest(
    landscape: Landscape, lowest: list[list[float]]
) -> None:
    for point in ([-1.3, 0.7], [0.2, -2.1], [2.5, 2.5]):
        leaf = torch.tensor(point, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(landscape.value(leaf), leaf)
        torch.testing.assert_close(landscape.gradient(leaf.detach()), slope)
        assert float(landscape.value(leaf.detach())) > 0
    for point in lowest:
        bottom = torch.tensor(point, dtype=torch.float64)
        assert float(landscape.value(bottom)) == pytest.approx(0.0, abs=1e-12)
        torch.testing.assert_close(landscape.gradient(bottom), torch.zeros(2).double())
    assert landscape.value(torch.zeros(3, 4, 2)).shape == (3, 4)


def test_waves_hold_who_comes_to_a_dent_and_a_pass_holds_who_comes_straight() -> None:
    far = torch.tensor([-2.4, 2.1], dtype=torch.float64)
    end = walked(SGD(0.02), lambda point, _: Waves().gradient(point), far, 500)[-1]
    assert end.abs().tolist() == pytest.approx([1.87, 1.87], abs=0.02)  # x = 2 - d with 3 pi sin(pi d) = 2 x
    straight = torch.tensor([0.0, 2.0], dtype=torch.float64)
    end = walked(SGD(0.1), lambda point, _: Saddle().gradient(point), straight, 500)[-1]
    assert end.tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
