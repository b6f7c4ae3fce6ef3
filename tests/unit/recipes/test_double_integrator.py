"""The claims in the linear world stand where Riccati's equation says."""

import math

import pytest
import torch

from palestra.ops.riccati import solve_riccati
from palestra.recipes.double_integrator import OPTIMUM, RECIPES


def value() -> torch.Tensor:
    a, b = torch.tensor([[1.0, 0.1], [0.0, 1.0]]).double(), torch.tensor([[0.005], [0.1]]).double()
    return solve_riccati(a, b, torch.diag(torch.tensor([0.2, 0.02]).double()), torch.tensor([[0.02]]).double())


def test_the_optimum_is_riccatis() -> None:
    """Place and velocity are uniform within 1: squares of 1/3 on average, and products of 0."""
    assert pytest.approx(-float(value().trace()) / 6, abs=5e-5) == OPTIMUM


def test_claims_leave_room_for_the_luck_of_starts_and_for_no_more() -> None:
    starts = torch.rand(100_000, 2, generator=torch.Generator().manual_seed(0)).double() * 2 - 1
    spread = float((((starts @ value()) * starts).sum(1) / 2).std())
    for recipe in RECIPES:
        assert recipe.claim is not None
        error = spread / math.sqrt(recipe.claim.count)
        assert 2.5 * error < OPTIMUM - recipe.claim.threshold < 4 * error
