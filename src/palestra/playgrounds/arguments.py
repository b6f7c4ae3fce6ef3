"""What an edit may hold, taken out of it one by one: names that are known, numbers within their range."""

from collections.abc import Mapping
from typing import Any

from palestra.errors import UsageError, unknown_name


def only(edit: Mapping[str, Any], *known: str) -> None:
    """UsageError for a name that is not known."""
    for name in edit:
        if name not in known:
            raise unknown_name("edit", name[:40], known)


def number(edit: Mapping[str, Any], name: str, low: float, high: float) -> float:
    """A number between two others."""
    value = edit.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    raise UsageError(f"{name}={str(value)[:40]}; expected a number from {low:g} to {high:g}")


def integer(edit: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """A whole number between two others."""
    value = edit.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise UsageError(f"{name}={str(value)[:40]}; expected a whole number from {low} to {high}")


def place(edit: Mapping[str, Any], name: str, low: float, high: float, count: int = 2) -> tuple[float, ...]:
    """So many numbers, each between two others."""
    value = edit.get(name)
    if not isinstance(value, list) or len(value) != count:
        raise UsageError(f"{name}={str(value)[:40]}; expected a list of {count} numbers")
    return tuple(number({name: each}, name, low, high) for each in value)
