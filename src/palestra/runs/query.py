"""Which runs are meant: the words of ``palestra runs ls`` and of the studio's filter.

A word alone is looked for in a run's name and in that of its recipe. ``field=value`` holds where the field is that,
``!=`` where it is not; a value may be several, with commas between them, and have ``*`` in it. Numbers have ``<``,
``<=``, ``>`` and ``>=`` too, and times a unit: ``age<2h``. Every word has to hold.
"""

import math
import re
import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from palestra.errors import UsageError, unknown_name
from palestra.runs.index import RunRow

Query = Callable[[RunRow], bool]
"""Whether a run is meant."""

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_COMPARED = re.compile(r"([a-z]+)(!=|>=|<=|=|>|<)(.*)", re.DOTALL)


def recipe_of(row: RunRow) -> str:
    """``task/method``."""
    return f"{row.task}/{row.method}"


def speed_of(row: RunRow) -> float | None:
    """Steps a second over the whole training; None before it has begun."""
    return row.steps / row.seconds if row.seconds > 0 else None


def age_of(row: RunRow) -> float | None:
    """Seconds since its creation; None where that is no time."""
    try:
        created = datetime.fromisoformat(row.created)
        return (datetime.now(created.tzinfo) - created).total_seconds()
    except (ValueError, OverflowError):
        return None


def claim_of(row: RunRow) -> str:
    """``reached``, ``missed``, or ``none`` where nothing was promised or it was not tried yet."""
    return "none" if row.reached is None else "reached" if row.reached else "missed"


TEXTS: dict[str, Callable[[RunRow], str]] = {
    "id": lambda row: row.id,
    "recipe": recipe_of,
    "task": lambda row: row.task,
    "method": lambda row: row.method,
    "status": lambda row: row.status,
    "metric": lambda row: row.headline_name or "none",
    "claim": claim_of,
    "exact": lambda row: "yes" if row.exact else "no",
}
"""Fields that are words."""
NUMBERS: dict[str, Callable[[RunRow], float | None]] = {
    "seed": lambda row: row.seed,
    "score": lambda row: row.headline_value,
    "steps": lambda row: row.steps,
    "seconds": lambda row: row.seconds,
    "speed": speed_of,
    "age": age_of,
}
"""Fields that are numbers; one that is not known is neither below nor above anything."""


def parse(words: str | Sequence[str]) -> Query:
    """What some words mean. UsageError, which says what is amiss, for one that means nothing."""
    if isinstance(words, str):
        try:
            words = shlex.split(words)
        except ValueError as error:
            raise UsageError(f"filter {words}: {error}; expected a closing quotation mark") from error
    asked = [_word(word) for word in words]
    return lambda row: all(holds(row) for holds in asked)


def _word(word: str) -> Query:
    compared = _COMPARED.fullmatch(word)
    if compared is None:
        sought = word.casefold()
        return lambda row: sought in row.id.casefold() or sought in recipe_of(row).casefold()
    field, sign, value = compared.groups()
    if field in TEXTS:
        return _text(field, sign, value)
    if field in NUMBERS:
        return _number(field, sign, value)
    raise unknown_name("field", field, [*TEXTS, *NUMBERS])


def _text(field: str, sign: str, value: str) -> Query:
    if sign not in ("=", "!="):
        raise UsageError(f"{field}{sign}{value}; expected {field}= or {field}!=, since {field} is no number")
    read, patterns, wanted = TEXTS[field], value.casefold().split(","), sign == "="
    return lambda row: any(fnmatchcase(read(row).casefold(), pattern) for pattern in patterns) == wanted


def _number(field: str, sign: str, value: str) -> Query:
    read = NUMBERS[field]
    if sign in ("=", "!="):
        values, wanted = {_parsed(field, sign, each) for each in value.split(",")}, sign == "="
        return lambda row: (read(row) in values) == wanted
    bound = _parsed(field, sign, value)

    def holds(row: RunRow) -> bool:
        number = read(row)
        if number is None:
            return False
        match sign:
            case "<":
                return number < bound
            case "<=":
                return number <= bound
            case ">":
                return number > bound
        return number >= bound

    return holds


def _parsed(field: str, sign: str, text: str) -> float:
    times = {"seconds", "age"}
    unit = _UNITS.get(text[-1:], 1.0) if field in times else 1.0
    digits = text[:-1] if field in times and text[-1:] in _UNITS else text
    try:
        number = float(digits) * unit
    except ValueError:
        number = math.nan
    if math.isnan(number):
        example = "2h" if field in times else "100"
        raise UsageError(f"{field}{sign}{text}; expected a number, e.g. {field}{sign}{example}")
    return number
