"""Runge-Kutta's steps: exact for polynomials of the fourth degree in time, and of fourth order."""

import math

import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from palestra.ops.runge_kutta import runge_kutta


def turning(state: Tensor) -> Tensor:
    """A pendulum's (angle, speed)."""
    angle, speed = state.unbind(-1)
    return torch.stack((speed, -angle.sin()), -1)


def test_a_fall_is_exact_in_one_step() -> None:
    def falling(state: Tensor) -> Tensor:
        return torch.stack((state[1], torch.full_like(state[1], -10.0)))

    height, speed = runge_kutta(falling, torch.tensor([5.0, 1.0], dtype=torch.float64), 0.5)
    torch.testing.assert_close(height, torch.tensor(5 + 0.5 - 5 * 0.25, dtype=torch.float64), rtol=0, atol=1e-14)
    assert float(speed) == -4.0


def test_it_comes_to_what_scipy_comes_to() -> None:
    start = torch.tensor([[1.0, 0.5], [-2.0, 0.1]], dtype=torch.float64)
    end = runge_kutta(turning, start, 1.0, 50)
    for row, begun in zip(end.tolist(), start.tolist(), strict=True):
        theirs = solve_ivp(lambda _, y: (y[1], -math.sin(y[0])), (0, 1), begun, rtol=1e-12, atol=1e-12).y[:, -1]
        torch.testing.assert_close(row, theirs.tolist(), rtol=0, atol=1e-8)


def test_half_the_step_leaves_a_sixteenth_of_the_error() -> None:
    start = torch.tensor([1.0, 0.5], dtype=torch.float64)
    exact = runge_kutta(turning, start, 2.0, 4_096)
    error = [float((runge_kutta(turning, start, 2.0, steps) - exact).abs().max()) for steps in (16, 32)]
    assert 14 < error[0] / error[1] < 18
