"""What an edit may hold, taken out of it one by one: names that are known, numbers within their range."""

import math
from collections.abc import Mapping
from typing import Any

from palestra.errors import require, unknown_name


def only(edit: Mapping[str, Any], *known: str) -> None:
    """UsageError for a name that is not known."""
    for name in edit:
        if name not in known:
            raise unknown_name("edit", name[:40], known)


def number(edit: Mapping[str, Any], name: str, low: float, high: float) -> float:
    """A number between two others."""
    value = edit.get(name)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    require(fits and low <= value <= high, f"{name}={str(value)[:40]}", f"a number from {low:g} to {high:g}")
    assert isinstance(value, int | float)
    return float(value)


def integer(edit: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """A whole number between two others."""
    value = edit.get(name)
    fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    require(fits, f"{name}={str(value)[:40]}", f"a whole number from {low} to {high}")
    assert isinstance(value, int)
    return value


def place(edit: Mapping[str, Any], name: str, low: float, high: float, count: int = 2) -> tuple[float, ...]:
    """So many numbers, each between two others."""
    value = edit.get(name)
    fits = isinstance(value, list) and len(value) == count
    require(fits, f"{name}={str(value)[:40]}", f"a list of {count} numbers")
    assert isinstance(value, list)
    return tuple(number({name: each}, name, low, high) for each in value)
