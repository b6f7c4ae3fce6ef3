"""Schedules: how a setting moves with training."""

import pytest

from palestra.ops.schedules import linear


@pytest.mark.parametrize(
    ("progress", "expected"), [(-1.0, 3.0), (0.0, 3.0), (0.25, 2.5), (0.5, 2.0), (1.0, 1.0), (7.0, 1.0)]
)
def test_linear_is_constant_beyond_its_ends(progress: float, expected: float) -> None:
    assert linear(3.0, 1.0, progress) == expected
