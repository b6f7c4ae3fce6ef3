"""Rank and shape checks, and the schedule."""

import pytest
import torch

from palestra.ops.schedules import linear
from palestra.ops.shapes import check_rank, check_same_shape


def test_a_wrong_rank_names_the_tensor_its_shape_and_what_was_expected() -> None:
    check_rank(1, a=torch.zeros(3), b=torch.zeros(1))
    with pytest.raises(ValueError, match=r"b has shape \(3, 1\); expected 1 dimension$"):
        check_rank(1, a=torch.zeros(3), b=torch.zeros(3, 1))
    with pytest.raises(ValueError, match=r"a has shape \(\); expected 2 dimensions"):
        check_rank(2, a=torch.zeros(()))


def test_different_shapes_are_listed() -> None:
    check_same_shape(a=torch.zeros(2, 3), b=torch.ones(2, 3))
    with pytest.raises(ValueError, match=r"shapes differ: a \(3,\), b \(3, 1\); expected one shape"):
        check_same_shape(a=torch.zeros(3), b=torch.zeros(3, 1))


@pytest.mark.parametrize(
    ("progress", "expected"), [(-1.0, 2.0), (0.0, 2.0), (0.25, 1.75), (0.5, 1.5), (1.0, 1.0), (7.0, 1.0)]
)
def test_the_linear_schedule_is_straight_and_then_constant(progress: float, expected: float) -> None:
    assert linear(2.0, 1.0, progress) == expected
