"""Edits: only what is known, and only within range."""

import math
from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.arguments import integer, number, only, place


def test_what_is_within_range_is_taken() -> None:
    edit = {"arm": 2, "mean": 1, "to": [0.5, -1]}
    only(edit, "arm", "mean", "to")
    assert (integer(edit, "arm", 0, 2), number(edit, "mean", 0.0, 1.0), place(edit, "to", -1, 1)) == (
        2,
        1.0,
        (0.5, -1.0),
    )


@pytest.mark.parametrize("wrong", [None, "1", True, 3, -1, 1.0, [1], {}, 10**30])
def test_no_integer_of_the_range_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"arm=.*from 0 to 2"):
        integer({"arm": wrong}, "arm", 0, 2)


@pytest.mark.parametrize("wrong", [None, "1", True, 1.5, math.nan, math.inf, [1], 10**30])
def test_no_number_of_the_range_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"mean=.*from 0 to 1"):
        number({"mean": wrong}, "mean", 0.0, 1.0)


@pytest.mark.parametrize("wrong", [None, 1, [0.5], [0.1, 0.2, 0.3], [0.1, "x"], [0.1, 2.0], {"0": 1, "1": 2}])
def test_no_place_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match="to="):
        place({"to": wrong}, "to", -1.0, 1.0)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown edit 'arms'; nearest: arm"):
        only({"arms": 1}, "arm", "mean")
