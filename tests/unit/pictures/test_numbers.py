"""Numbers in words."""

import math

import pytest

from palestra.pictures.numbers import duration, number


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "-"), (math.nan, "-"), (0.0, "0"), (475.0, "475"), (12.3456, "12.35"), (1e-5, "1e-05"),
     (-1234.5, "-1,234"), (1_000_000, "1,000,000"), (math.inf, "inf"), (1e30, "1e+30")],
)  # fmt: skip
def test_number(value: float | None, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.8412, "0.841 s"), (59.9, "59.9 s"), (60, "1 min 00 s"), (125.4, "2 min 05 s"), (3599.7, "1 h 00 min"),
     (12_010, "3 h 20 min")],
)  # fmt: skip
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_fewer_digits() -> None:
    assert (number(0.12345, digits=3), number(12345.6, digits=3)) == ("0.123", "12,346")
