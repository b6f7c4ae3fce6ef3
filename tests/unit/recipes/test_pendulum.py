"""Pendulum's recipes are measured on so many episodes that luck with their starts is no part of a verdict."""

import math

import pytest
import torch

from palestra.envs.classic.pendulum import MAX_SPEED, MAX_TORQUE, dynamics
from palestra.recipes.pendulum import RECIPES

PLANNERS = ("ilqr", "cem", "mppi", "predictive-sampling")
LEARNED = [recipe for recipe in RECIPES if recipe.learner not in PLANNERS]


def test_claims_are_one_figure_whose_error_is_a_quarter_of_the_margin() -> None:
    claims = [recipe.claim for recipe in LEARNED if recipe.claim]
    assert {claim.threshold for claim in claims} == {-160.0}
    for claim in claims:
        assert 85 / math.sqrt(claim.count) < (-152 - claim.threshold) / 4  # returns of starts differ by 85


def test_planners_claim_a_third_more_than_the_optimum_costs() -> None:
    planned = [recipe for recipe in RECIPES if recipe.learner in PLANNERS]
    assert [recipe.learner for recipe in planned] == [*PLANNERS]
    for recipe in planned:
        assert recipe.claim is not None
        assert recipe.claim.threshold == -138 * 4 / 3


def test_who_chooses_a_best_checkpoint_does_so_on_many_episodes() -> None:
    for recipe in RECIPES:
        if recipe.claim and recipe.eval_every < recipe.budget:
            assert recipe.eval_count == 200


def best_returns(angles: int, speeds: int, torques: int, steps: int = 200) -> torch.Tensor:
    """(angles, speeds) the best return from each state of a grid: backward induction, linear between its points."""
    angle_A = torch.arange(angles).double() * (2 * math.pi / (angles - 1)) - math.pi  # the first is the last again
    speed_S = torch.linspace(-MAX_SPEED, MAX_SPEED, speeds).double()
    torque_K = torch.linspace(-MAX_TORQUE, MAX_TORQUE, torques).double()
    state = torch.cartesian_prod(angle_A, speed_S, torque_K)
    after, reward = dynamics(state[:, :2], state[:, 2:])
    turn = torch.remainder(after[:, 0] + math.pi, 2 * math.pi) / (2 * math.pi) * (angles - 1)
    pace = (after[:, 1] + MAX_SPEED) / (2 * MAX_SPEED) * (speeds - 1)
    row, column = (x.floor().long().clamp(max=size - 2) for x, size in ((turn, angles), (pace, speeds)))
    up, right = turn - row, pace - column
    corners = [(row + i) * speeds + column + j for i in (0, 1) for j in (0, 1)]
    weights = [(1 - up) * (1 - right), (1 - up) * right, up * (1 - right), up * right]
    value = torch.zeros(angles * speeds, dtype=torch.float64)
    for _ in range(steps):
        onward = sum(weight * value[corner] for weight, corner in zip(weights, corners, strict=True))
        value = (reward + onward).view(-1, torques).amax(1)
    return value.view(angles, speeds)


def at_a_start(value: torch.Tensor) -> float:
    """The mean over starts: any angle, a speed within 1."""
    angles, speeds = value.shape
    speed = torch.linspace(-MAX_SPEED, MAX_SPEED, speeds)
    within = value[: angles - 1, (speed.abs() <= 1 + 1e-6)].double()
    ends = torch.ones(within.shape[1]).double()
    ends[0] = ends[-1] = 0.5  # the trapezoid rule
    return float((within * ends).sum() / (ends.sum() * (angles - 1)))


def test_on_a_coarse_grid_the_optimum_is_in_sight() -> None:
    """Linear interpolation of a value that is steep at its ridge loses some of it."""
    assert -165 < at_a_start(best_returns(49, 49, 9)) < -120


@pytest.mark.slow
def test_every_recipe_knows_the_optimum_that_backward_induction_finds() -> None:
    found = at_a_start(best_returns(241, 241, 41))
    assert [recipe.optimum for recipe in RECIPES] == pytest.approx([found] * len(RECIPES), abs=1.0)
