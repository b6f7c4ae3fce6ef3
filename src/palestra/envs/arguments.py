"""Arguments of a world or of a data set: what can be saved, and how a tuple survives JSON."""

from collections.abc import Mapping
from typing import Any

from palestra.errors import UsageError

TUPLE = "__tuple__"
"""The only key of the JSON object that stands for a tuple."""


def check_arguments(of: str, arguments: Mapping[str, Any]) -> None:
    """Raise UsageError, with its place, for a value that JSON cannot hold."""
    for name, value in arguments.items():
        _check(f"{name!r} of {of}", value)


def _check(place: str, value: Any) -> None:
    match value:
        case None | bool() | int() | float() | str():
            return
        case list() | tuple():
            for i, item in enumerate(value):
                _check(f"{place}[{i}]", item)
            return
        case dict() if all(type(key) is str for key in value):
            for key, item in value.items():
                _check(f"{place}[{key!r}]", item)
            return
    said = " ".join(repr(value).split())
    raise UsageError(
        f"argument {place} is {said[:60]}{'...' * (len(said) > 60)}, a {type(value).__name__}, which cannot be saved; "
        "expected numbers, texts, true, false, none, and lists, tuples and dicts of these (of an array: its tolist())"
    )


def to_json(value: Any) -> Any:
    """The value with every tuple as an object that ``from_json`` knows."""
    match value:
        case tuple():
            return {TUPLE: [to_json(item) for item in value]}
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {key: to_json(item) for key, item in value.items()}
    return value


def from_json(value: Any) -> Any:
    """What ``to_json`` was given."""
    match value:
        case {"__tuple__": list(items), **rest} if not rest:
            return tuple(from_json(item) for item in items)
        case list():
            return [from_json(item) for item in value]
        case dict():
            return {key: from_json(item) for key, item in value.items()}
    return value
