"""What a run's files may hold: the one list of their fields and types, asked at the door.

A shape is a function of a value and of its place; it raises ValueError that names the place, what stands there and what
is expected. Fields that no shape names may be there, as a later version may have written them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from palestra.runs.files import short

Shape = Callable[[Any, str], None]
"""Raises ValueError unless a value, found in a place, is of the shape."""

MAX_TEXT = 10_000
_INTEGERS = range(-(2**63), 2**63)  # what SQLite can hold


def text(value: Any, place: str) -> None:
    """Text that can be printed on one line."""
    _expect(isinstance(value, str) and value.isprintable() and len(value) <= MAX_TEXT, value, place, "text")


def lines(value: Any, place: str) -> None:
    """Text of any number of lines."""
    good = isinstance(value, str) and all(line.isprintable() for line in value.replace("\t", " ").splitlines())
    _expect(good, value, place, "text")


def flag(value: Any, place: str) -> None:
    """True or false."""
    _expect(isinstance(value, bool), value, place, "true or false")


def integer(value: Any, place: str) -> None:
    """An integer of at most 64 bits."""
    _expect(type(value) is int and value in _INTEGERS, value, place, "an integer")


def count(value: Any, place: str) -> None:
    """An integer from 0."""
    _expect(type(value) is int and 0 <= value < 2**63, value, place, "an integer, 0 or more")


def number(value: Any, place: str) -> None:
    """A number, which may be NaN or infinite."""
    _expect(type(value) is float or (type(value) is int and value in _INTEGERS), value, place, "a number")


def duration(value: Any, place: str) -> None:
    """A finite number from 0."""
    good = type(value) in (int, float) and 0 <= value < 2**63
    _expect(good, value, place, "a finite number, 0 or more")


def anything(value: Any, place: str) -> None:
    """Whatever JSON holds."""


def one_of(*values: Any) -> Shape:
    """One of some values."""

    def shape(value: Any, place: str) -> None:
        _expect(isinstance(value, str | int) and value in values, value, place, "one of " + ", ".join(map(str, values)))

    return shape


def optional(shape: Shape) -> Shape:
    """Null, or a shape."""
    return lambda value, place: None if value is None else shape(value, place)


def listing(shape: Shape) -> Shape:
    """A list of a shape."""

    def checked(value: Any, place: str) -> None:
        _expect(isinstance(value, list), value, place, "a list")
        for i, item in enumerate(value):
            shape(item, f"{place}[{i}]")

    return checked


def mapping(shape: Shape) -> Shape:
    """An object whose values are all of a shape, and whose keys can be printed."""

    def checked(value: Any, place: str) -> None:
        _expect(isinstance(value, dict), value, place, "an object")
        for key, item in value.items():
            text(key, f"{place}: a key")
            shape(item, f"{place}.{key}")

    return checked


def record(required: Mapping[str, Shape], allowed: Mapping[str, Shape] | None = None) -> Shape:
    """An object with these fields, and with those where they are there."""

    def checked(value: Any, place: str) -> None:
        mapping(anything)(value, place)
        for name, shape in required.items():
            if name not in value:
                raise ValueError(f"{_within(place, name)} is missing")
            shape(value[name], _within(place, name))
        for name, shape in (allowed or {}).items():
            if name in value:
                shape(value[name], _within(place, name))

    return checked


_MEASURED = record({"metric": text, "count": count, "value": number}, {"threshold": number, "reached": flag})

MANIFEST_SHAPE = record(
    {
        "format": one_of(1),
        "task": text,
        "method": text,
        "seed": count,
        "status": one_of("running", "interrupted", "finished"),
        "created": text,
        "steps": count,
        "seconds": duration,
        "headline": optional(record({"name": text, "value": optional(number)})),
        "exact": flag,
        "resumes": listing(record({"step": count, "notes": listing(lines)}, {"changes": mapping(anything)})),
    },
    {
        "ending": text,
        "best_step": optional(count),
        "claim": optional(_MEASURED),
        "measured": optional(_MEASURED),
        "scored": optional(_MEASURED),
        "git_commit": optional(text),
        "lineage": listing(mapping(anything)),
        "config_digests": listing(text),
        "rounding": text,
        "data": record({}, {"stand_in": flag, "files": mapping(record({"sha256": text}, {"source": text}))}),
    },
)
"""``manifest.json``."""

_SOURCE = record({"id": text}, {"kwargs": mapping(anything)})

CONFIG_SHAPE = record(
    {},
    {
        "recipe": text,
        "learner": record({"name": text, "settings": mapping(anything)}),
        "world": _SOURCE,
        "dataset": _SOURCE,
        "training": record({"seed": count}, {"device": text, "budget": count}),
        "claim": optional(record({"metric": text, "threshold": number})),
    },
)
"""``config.json``; what its parts hold is checked by who builds them."""


def check(value: Mapping[str, Any], shape: Shape) -> None:
    """Raise ValueError unless an object is of a shape."""
    shape(value, "")


def _within(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _expect(good: bool, value: Any, place: str, expected: str) -> None:
    if not good:
        raise ValueError(f"{place + ' is ' if place else ''}{short(value)}; expected {expected}")
