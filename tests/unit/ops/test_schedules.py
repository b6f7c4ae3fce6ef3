"""Schedules: how a setting moves with training."""

import pytest

from palestra.ops.schedules import cosine, linear, one_cycle


@pytest.mark.parametrize(
    ("progress", "expected"), [(-1.0, 3.0), (0.0, 3.0), (0.25, 2.5), (0.5, 2.0), (1.0, 1.0), (7.0, 1.0)]
)
def test_linear_is_constant_beyond_its_ends(progress: float, expected: float) -> None:
    assert linear(3.0, 1.0, progress) == expected


@pytest.mark.parametrize(("progress", "expected"), [(-1.0, 1.0), (0.0, 1.0), (1 / 3, 0.75), (0.5, 0.5), (1.0, 0.0)])
def test_cosine_is_half_a_wave(progress: float, expected: float) -> None:
    assert cosine(progress) == pytest.approx(expected, abs=1e-12)
    assert cosine(2.0) == 0.0


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(-1.0, 0.1), (0.0, 0.1), (0.125, 0.55), (0.25, 1.0), (0.625, 0.5), (1.0, 0.0), (3.0, 0.0)],
)
def test_one_cycle_goes_up_and_down_along_lines(progress: float, expected: float) -> None:
    assert one_cycle(progress) == pytest.approx(expected, abs=1e-12)
