"""Logarithms undo exponentials, those of matrices; and their derivatives are differences of them."""

import math

import pytest
import torch
from torch import Tensor

from palestra.kinematics.rotations import (
    about,
    from_quaternion,
    from_rpy,
    inverse_pose,
    pose_vector,
    pose_vector_jacobian,
    rotation_vector,
    skew,
)


def exponential(twist_B6: Tensor) -> Tensor:
    """Of twists (v, w), by the matrix exponential."""
    made = torch.zeros(len(twist_B6), 4, 4, dtype=torch.float64)
    made[:, :3, :3], made[:, :3, 3] = skew(twist_B6[:, 3:]), twist_B6[:, :3]
    return torch.matrix_exp(made)


def twists(angle: float) -> Tensor:
    """Random ones, of a given angle."""
    twist_B6 = torch.randn(20, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    twist_B6[:, 3:] *= angle / twist_B6[:, 3:].norm(dim=1, keepdim=True)
    return twist_B6


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-5, 5e-3, 0.02, 1.0, 3.0, math.pi - 1e-6])
def test_logarithms_undo_exponentials(angle: float) -> None:
    twist_B6 = twists(angle)
    pose_B44 = exponential(twist_B6)
    torch.testing.assert_close(rotation_vector(pose_B44[:, :3, :3]), twist_B6[:, 3:], atol=1e-9, rtol=0)
    torch.testing.assert_close(pose_vector(pose_B44), twist_B6, atol=1e-8, rtol=0)


def test_half_a_turn_has_its_angle() -> None:
    for axis in ((1.0, 0.0, 0.0), (0.6, -0.8, 0.0), (1.0, 2.0, -2.0)):
        found = rotation_vector(about(axis, math.pi))
        assert found.norm().item() == pytest.approx(math.pi)
        torch.testing.assert_close(about(found.tolist(), math.pi), about(axis, math.pi))


@pytest.mark.parametrize("angle", [0.0, 1e-5, 5e-3, 0.0101, 0.5, 2.5])
def test_the_derivative_is_a_difference(angle: float) -> None:
    """Of log(T exp(d)) by d, within what differences of 1e-5 can tell."""
    twist_B6 = twists(angle)
    found = pose_vector_jacobian(twist_B6)
    for i in range(6):
        step = torch.zeros_like(twist_B6)
        step[:, i] = 1e-5
        after, before = (pose_vector(exponential(twist_B6) @ exponential(sign * step)) for sign in (1, -1))
        torch.testing.assert_close(found[:, :, i], (after - before) / 2e-5, atol=1e-6, rtol=0)


def test_rotations_are_those_of_the_books() -> None:
    x, y, z = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    expected = torch.matrix_exp(0.7 * skew(torch.tensor([0.6, 0.0, 0.8], dtype=torch.float64)))
    torch.testing.assert_close(about((3, 0, 4), 0.7), expected)
    torch.testing.assert_close(from_rpy(0.1, 0.2, 0.3), about(z, 0.3) @ about(y, 0.2) @ about(x, 0.1))
    torch.testing.assert_close(from_quaternion(3.0, 4.0, 0.0, 0.0), about(x, 2 * math.atan2(4, 3)))
    assert torch.equal(from_quaternion(-2.0, 0.0, 0.0, 0.0), torch.eye(3, dtype=torch.float64))


def test_the_way_back_leads_back() -> None:
    pose_B44 = exponential(twists(1.0))
    eye = torch.eye(4, dtype=torch.float64).expand(20, 4, 4)
    torch.testing.assert_close(inverse_pose(pose_B44) @ pose_B44, eye, atol=1e-14, rtol=0)
