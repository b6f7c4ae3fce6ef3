"""A playground asked in lines of JSON: one command a line, and one line back.

    {"do": "start", "settings": {...}}     from the beginning, with these settings
    {"do": "step", "count": 10}            so many steps of the learner
    {"do": "back", "count": 1}             so many steps back, to exactly where it was
    {"do": "set", ...}                     an edit: move an arm, draw a cell; what there is says each playground
    {"do": "act", "action": 1}             by hand, in its world

An answer is a frame, or ``{"error": "one line"}`` with nothing changed. Nothing that a command holds is ever run, every
number in it has a range, and what comes back holds no NaN.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from palestra.errors import PalestraError, UsageError, require, unknown_name
from palestra.playgrounds.catalogue import find_offer, make_playground
from palestra.playgrounds.plain import line
from palestra.playgrounds.playground import Playground
from palestra.playgrounds.timeline import Timeline

MOST_STEPS = 1_000
"""That one command may ask for."""
MOST_LETTERS = 1 << 20
"""Of a command."""
LONGEST_INTEGER = 16
"""Digits of a whole number, its sign among them; a page holds no longer one exactly."""


class Session:
    """One page's playground.

    Args:
        name: which.
        runs: the folder of trained agents that it may show, if any.
    """

    def __init__(self, name: str, runs: Path | None = None):
        self.offer, self.runs = find_offer(name), runs
        self.timeline: Timeline | None = None
        self.ways: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "start": self._start, "step": self._step, "back": self._back, "set": self._set, "act": self._act,
        }  # fmt: skip

    def answer(self, text: str) -> str:
        """The line that answers a line."""
        try:
            command = _read(text)
            do = command.get("do")
            if not isinstance(do, str) or do not in self.ways:
                raise unknown_name("command", str(do)[:40], self.ways)
            return line({"do": do, **self.ways[do]({key: item for key, item in command.items() if key != "do"})})
        except PalestraError as error:
            return line({"error": " ".join(str(error).split())})

    def _start(self, given: Mapping[str, Any]) -> dict[str, Any]:
        _only(given, "settings")
        playground = make_playground(self.offer.name, given.get("settings", {}), self.runs)
        self.timeline = Timeline(playground)
        return {"about": self.offer.to_json(), **self._whole(playground)}

    def _step(self, given: Mapping[str, Any]) -> dict[str, Any]:
        _only(given, "count")
        timeline = self._started()
        timeline.forward(_count(given))
        return self._frame(timeline.playground)

    def _back(self, given: Mapping[str, Any]) -> dict[str, Any]:
        _only(given, "count")
        timeline = self._started()
        timeline.back(_count(given))
        return self._frame(timeline.playground)

    def _set(self, given: Mapping[str, Any]) -> dict[str, Any]:
        timeline = self._started()
        timeline.playground.edit(given)
        timeline.begin()
        return self._whole(timeline.playground)

    def _act(self, given: Mapping[str, Any]) -> dict[str, Any]:
        _only(given, "action")
        timeline = self._started()
        timeline.playground.act(given.get("action"))
        timeline.begin()
        return self._frame(timeline.playground)

    def _started(self) -> Timeline:
        if self.timeline is None:
            raise UsageError('nothing was started; expected {"do": "start"} first')
        return self.timeline

    def _whole(self, playground: Playground[Any]) -> dict[str, Any]:
        """A frame with what stays from step to step, and the settings as they are now."""
        return {"settings": asdict(playground.asked), "ground": playground.ground(), **self._frame(playground)}

    def _frame(self, playground: Playground[Any]) -> dict[str, Any]:
        position = self._started().position
        seen = playground.see()._asdict()
        return {"position": position, "finished": playground.finished, "see": seen, **playground.frame()}


def _read(text: str) -> dict[str, Any]:
    require(len(text) <= MOST_LETTERS, f"a command of {len(text):,} letters", f"at most {MOST_LETTERS:,}")
    try:
        command = json.loads(text, parse_constant=_refused, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"a line that is no JSON ({error}); expected one command") from error
    require(isinstance(command, dict), f"{str(command)[:40]!r}", 'an object such as {"do": "step"}')
    return dict(command)


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _only(given: Mapping[str, Any], *known: str) -> None:
    for name in given:
        if name not in known:
            raise unknown_name("part of the command", name[:40], known)


def _count(given: Mapping[str, Any]) -> int:
    count = given.get("count", 1)
    whole = isinstance(count, int) and not isinstance(count, bool)
    require(whole and 1 <= count <= MOST_STEPS, f"count={str(count)[:20]}", f"a whole number from 1 to {MOST_STEPS:,}")
    return int(count)
