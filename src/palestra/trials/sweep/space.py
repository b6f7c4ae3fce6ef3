"""What a sweep tries: for each setting a list of choices or a range, from a few words that a user types.

::

    a,b,c             each of these; of a setting that is a list itself, lists parted by |: 64,64|256,256
    lo..hi            anything between, whole numbers where the setting is one
    uniform(lo,hi)    the same, of a setting with fractions
    int(lo,hi)        whole numbers, both ends among them
    log(lo,hi)        as often from 1e-4 to 1e-3 as from 1e-3 to 1e-2
    log(lo,hi,n)      n values of such a range, evenly spread, as choices; so with the others

Nothing that is typed is ever run: a range is a name, two numbers and perhaps a count, all else is a choice, of the type
that the setting has.
"""

import math
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from palestra.errors import UsageError, require
from palestra.trials.plan import Plan

SWEPT = ("learner", "world", "dataset")
"""Parts of a plan whose settings can be tried. Those of the training say how long, from which seed, on what."""
GRAMMAR = "a,b,c or log(lo,hi), uniform(lo,hi), int(lo,hi), lo..hi"
MOST_POINTS = 10_000
_CALL = re.compile(r"\s*([a-z]+)\s*\(([^()]*)\)\s*")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SPAN = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*")
_WHOLE = re.compile(r"[+-]?\d+")


@dataclass(frozen=True)
class Choices:
    """One of some values."""

    values: tuple[Any, ...]
    """Each once, in the order in which they were given."""

    def at(self, share: float) -> Any:
        """The value at a share from 0 to 1 of the list."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def place(self, value: Any) -> float:
        """Where a value is, from 0 to 1: the middle of its share of the list."""
        return (self.values.index(value) + 0.5) / len(self.values)


@dataclass(frozen=True)
class Numbers:
    """A number between two."""

    low: float
    """The least."""
    high: float
    """The most."""
    scale: Literal["uniform", "log"] = "uniform"
    """Whether differences are alike, or ratios."""
    whole: bool = False
    """Whether it is an integer."""

    def at(self, share: float) -> float | int:
        """The number below which this share of all draws is."""
        margin = 0.5 if self.whole else 0.0  # each integer has as much room as the next one
        low, high = self._scaled(self.low - margin), self._scaled(self.high + margin)
        value = low + share * (high - low)
        value = math.exp(value) if self.scale == "log" else value
        held = min(max(value, self.low), self.high)
        return math.floor(held + 0.5) if self.whole else held

    def place(self, value: float) -> float:
        """Where a number is between the two, from 0 to 1."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        return (self._scaled(value) - low) / (high - low)

    def points(self, count: int) -> Choices:
        """So many of its numbers, evenly spread from end to end."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        at = [low + i * (high - low) / max(1, count - 1) for i in range(count)]
        values = [math.exp(value) if self.scale == "log" else value for value in at]
        values = [self.low, *values[1:-1], self.high] if count > 1 else [self.low]  # the ends exactly
        return Choices(tuple(dict.fromkeys(round(value) if self.whole else value for value in values)))

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.scale == "log" else value


Axis = Choices | Numbers
"""What one setting is tried at."""
Given = str | Sequence[Any]
"""An axis as a user gives it: words of the grammar, or from Python a list of choices."""


def space_of(plan: Plan, given: Mapping[str, Given]) -> dict[str, Axis]:
    """The axes of a sweep by the whole names of their settings, each checked against what the setting may be.

    Raises UsageError, in one line, for a name that no part has, words that are none, and values that are not allowed.
    """
    space: dict[str, Axis] = {}
    for name, words in given.items():
        place = plan.place(name)
        part = place.partition(".")[0]
        require(part in SWEPT, f"{name} in a sweep", f"a setting of the learner or the {plan.source.key}")
        require(place not in space, f"{name}, which is {place}, twice", "each setting once")
        space[place] = _axis(plan, name, words)
    return space


def is_single(plan: Plan, name: str, words: str) -> bool:
    """Whether words stand for one value, which is set and not tried."""
    return _span(name, words) is None and len(_listed(words, tuple in _kinds(plan.declared(name)))) == 1


def _axis(plan: Plan, name: str, given: Given) -> Axis:
    kinds = _kinds(plan.declared(name))
    span = _span(name, given) if isinstance(given, str) else None
    if span is None:
        values = _listed(given, tuple in kinds) if isinstance(given, str) else list(given)
        require(bool(values), f"{name}={given}", GRAMMAR)
        return Choices(tuple(_once([plan.override({name: value}).value(name) for value in values])))
    kind, low, high, points = span
    numeric = kinds & {int, float, Any}
    said = f"{name}={given}"
    require(bool(numeric), f"{said}, which is no number", "choices: a,b,c")
    whole = kind == "int" or (float not in kinds and (int in kinds or kind == "whole"))
    if whole:
        fractions = kind == "uniform" or not (low.is_integer() and high.is_integer())
        require(not fractions, f"{said}, which is a whole number", "int(lo,hi) or log(lo,hi) with whole ends")
    for end in (low, high):
        plan.override({name: int(end) if whole else end})
    numbers = Numbers(low, high, "log" if kind == "log" else "uniform", whole)
    return numbers if points is None else numbers.points(points)


def _span(name: str, text: str) -> tuple[str, float, float, int | None] | None:
    """Kind, ends and number of points of a range; None for what is none. UsageError for one that cannot be."""
    call, dots = _CALL.fullmatch(text), _SPAN.fullmatch(text)
    said = f"{name}={text}"
    if call and call[1] in ("log", "uniform", "int"):
        kind, words = call[1], call[2].split(",")
        require(len(words) in (2, 3), said, f"{kind}(lo,hi), or {kind}(lo,hi,n) for n values of it")
    elif dots:
        kind, words = "whole" if all(_WHOLE.fullmatch(end) for end in dots.groups()) else "any", list(dots.groups())
    elif "(" in text and not text.lstrip().startswith(("{", "[", '"', "(")):
        raise UsageError(f"{said}; expected {GRAMMAR}")
    else:
        return None
    low, high = (_number(said, word) for word in words[:2])
    require(low < high, said, "a lower end below the upper one")
    require(kind != "log" or low > 0, said, "a lower end above 0, which has a logarithm")
    if len(words) == 2:
        return kind, low, high, None
    count = _number(said, words[2])
    good = count.is_integer() and 2 <= count <= MOST_POINTS
    require(good, said, f"a number of points from 2 to {MOST_POINTS:,} in the third place")
    return kind, low, high, int(count)


def _number(said: str, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    require(math.isfinite(value), f"{said}, of which {word.strip()!r} is no number", GRAMMAR)
    return value


def _listed(text: str, lists: bool) -> list[str]:
    """The choices of a text: parted by ``|``; or by commas, where these do not part the items of one list."""
    if lists or "|" in text or text.lstrip().startswith(("{", "[")):
        return [word.strip() for word in text.split("|") if word.strip()]
    return [word.strip() for word in text.split(",") if word.strip()]


def _once(values: list[Any]) -> list[Any]:
    """Each value once; JSON has lists where settings have tuples."""
    found: list[Any] = []
    for value in values:
        plain = list(value) if isinstance(value, tuple) else value
        if not any(plain == other and type(plain) is type(other) for other in found):
            found.append(plain)
    return found


def _kinds(hint: Any) -> set[Any]:
    """The types that a setting may have: of ``float | None`` both, of ``tuple[int, ...]`` tuple."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return {kind for option in get_args(hint) for kind in _kinds(option)}
    return {origin or hint}
