"""What an environment reports of an episode that ended: the numbers in the info of its last step."""

from collections.abc import Mapping
from typing import Any

Numbers = dict[str, float]
"""Names, as the environment gives them, to numbers."""

CARRIED = "numbers"
"""Where a copy's info holds them on their way through a vector environment."""


def numbers_of(info: Mapping[Any, Any]) -> Numbers:
    """Every int, float, bool and array without dimensions in an info, by its name.

    Everything else is left out, and so is NaN, by which environments say that there is nothing to say.
    """
    found = ((name, _number(value)) for name, value in info.items() if isinstance(name, str))
    return {name: number for name, number in found if number is not None and number == number}


def carried(numbers: Numbers) -> dict[str, Any]:
    """Numbers as an info that Gymnasium's vector environments take along as it is.

    Numbers side by side would become arrays of the type that the first copy's number has, which rounds the others'.
    """
    return {CARRIED: tuple(numbers.items())} if numbers else {}


def unpacked(final_info: Mapping[str, Any]) -> tuple[tuple[int, Numbers], ...]:
    """Copy and numbers of every copy that has any, from what a vector environment made of ``carried`` ones."""
    return tuple((copy, dict(numbers)) for copy, numbers in enumerate(final_info.get(CARRIED, ())) if numbers)


def _number(value: Any) -> float | None:
    item = value.item() if getattr(value, "ndim", None) == 0 else value
    if not isinstance(item, int | float):
        return None
    try:
        return float(item)
    except OverflowError:  # an integer beyond every float
        return None
