"""The least within half-spaces is DAQP's, and meets the conditions that make it the least."""

import pytest
import torch
from torch import Tensor

from palestra.ops.box_qp import box_qp
from palestra.ops.quadratic_programme import Programme, solve_programme


def random_programme(batch: int, width: int, rows: int, seed: int = 0, squeeze: float = 0.3) -> Programme:
    """Positive definite, and with the place 0 within the limits."""
    rng = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    root = normal(batch, width, width)
    hessian_BAA = root @ root.mT + 1e-3 * torch.eye(width, dtype=torch.float64)
    most_BL = squeeze * torch.rand(batch, rows, generator=rng, dtype=torch.float64)
    return Programme(hessian_BAA, normal(batch, width), normal(batch, rows, width), most_BL)


@pytest.mark.parametrize(("width", "rows"), [(1, 2), (3, 1), (7, 28), (7, 4)])
def test_it_is_what_daqp_finds(width: int, rows: int) -> None:
    qpsolvers = pytest.importorskip("qpsolvers", reason="the [kinematics] extra is not installed")
    pytest.importorskip("daqp", reason="the [kinematics] extra is not installed")
    problem = random_programme(20, width, rows)
    found = solve_programme(problem)
    assert found.solved_B.all()
    for i, row in enumerate(zip(*(each.numpy() for each in problem), strict=True)):
        expected = qpsolvers.solve_qp(*row, solver="daqp")
        torch.testing.assert_close(found.place_BA[i], torch.from_numpy(expected), atol=1e-6, rtol=0)


def test_the_conditions_of_the_least_hold() -> None:
    """Karush, Kuhn and Tucker's: the slope is made good by prices, and only limits that hold have one."""
    hessian_BAA, gradient_BA, rows_BLA, most_BL = problem = random_programme(200, 6, 12, seed=1)
    found = solve_programme(problem)
    assert found.solved_B.all()
    slope_BA = (hessian_BAA @ found.place_BA[..., None]).squeeze(2) + gradient_BA
    slope_BA = slope_BA + (rows_BLA.mT @ found.price_BL[..., None]).squeeze(2)
    slack_BL = most_BL - (rows_BLA @ found.place_BA[..., None]).squeeze(2)
    assert slope_BA.abs().max() < 1e-8
    assert slack_BL.min() > -1e-8
    assert found.price_BL.min() >= 0
    assert (found.price_BL * slack_BL).abs().max() < 1e-7
    assert ((slack_BL < 1e-7).sum(1) > 0).float().mean() > 0.9


def test_of_bounds_it_is_coordinate_descents() -> None:
    problem = random_programme(50, 4, 1, seed=2)
    eye = torch.eye(4, dtype=torch.float64).expand(50, 4, 4)
    high_BA = torch.full((50, 4), 0.2, dtype=torch.float64)
    bounded = Programme(*problem[:2], torch.cat((eye, -eye), 1), torch.cat((high_BA, high_BA), 1))
    hessian_BAA = problem.hessian_BAA + torch.eye(4, dtype=torch.float64)
    expected, _ = box_qp(hessian_BAA, problem.gradient_BA, -high_BA, high_BA)
    found = solve_programme(bounded._replace(hessian_BAA=hessian_BAA))
    torch.testing.assert_close(found.place_BA, expected, atol=1e-7, rtol=0)


def test_limits_that_contradict_one_another_are_said_and_harm_no_neighbour() -> None:
    problem = random_programme(3, 3, 6, seed=3)
    good = solve_programme(problem)
    rows_BLA, most_BL = problem.rows_BLA.clone(), problem.most_BL.clone()
    rows_BLA[1, 1], most_BL[1, :2] = -rows_BLA[1, 0], torch.tensor([-1.0, -1.0])
    found = solve_programme(problem._replace(rows_BLA=rows_BLA, most_BL=most_BL))
    assert found.solved_B.tolist() == [True, False, True]
    assert torch.equal(found.place_BA[[0, 2]], good.place_BA[[0, 2]])


def test_without_limits_it_is_a_linear_equation() -> None:
    problem = random_programme(4, 3, 0)
    found = solve_programme(problem)
    assert found.solved_B.all()
    slope_BA = (problem.hessian_BAA @ found.place_BA[..., None]).squeeze(2) + problem.gradient_BA
    assert slope_BA.abs().max() < 1e-9


def test_ranks_are_checked() -> None:
    problem = random_programme(2, 3, 4)
    with pytest.raises(ValueError, match="gradient_BA has shape"):
        solve_programme(problem._replace(gradient_BA=problem.gradient_BA[0]))
