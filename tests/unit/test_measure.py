"""Which score is better, and what reaches a target."""

import math

import pytest

from palestra.errors import UsageError
from palestra.measure import Direction, Measure, better, reached


@pytest.mark.parametrize(("direction", "good", "bad"), [("up", 2.0, 1.0), ("down", 1.0, 2.0)])
def test_better_is_strict_and_knows_its_direction(direction: Direction, good: float, bad: float) -> None:
    assert better(good, bad, direction)
    assert not better(bad, good, direction)
    assert not better(good, good, direction)
    assert better(bad, None, direction)
    assert better(bad, math.nan, direction)
    assert not better(math.nan, bad, direction)
    assert not better(math.nan, None, direction)


@pytest.mark.parametrize(("direction", "good", "bad"), [("up", 2.0, 1.0), ("down", 1.0, 2.0)])
def test_a_target_is_reached_by_what_is_as_good(direction: Direction, good: float, bad: float) -> None:
    assert reached(good, bad, direction)
    assert reached(bad, bad, direction)
    assert not reached(bad, good, direction)
    assert not reached(None, bad, direction)
    assert not reached(good, None, direction)


def test_fewer_than_none_cannot_be_counted() -> None:
    assert Measure(0).count == 0
    with pytest.raises(UsageError, match="count=-1; expected 0 or more"):
        Measure(-1)
