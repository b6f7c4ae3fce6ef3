"""What happens in a run, sent as it happens: rows beyond a cursor, and what became of the run. Nothing is sent twice.

Server-sent events. The cursor is the last step of each series that is watched; it is the ``id`` of an event, so that a
connection that breaks goes on where it was.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

from palestra.errors import PalestraError, UsageError
from palestra.runs.lock import is_locked
from palestra.runs.series import read_after, read_last_steps
from palestra.runs.store import METRICS, read_manifest
from palestra.studio.answers import finite
from palestra.studio.curves import stamp_of
from palestra.studio.packing import packed, packed_steps

MOST_ROWS = 4_000
"""Of a series in one event; who is further behind is told to read the curve anew."""
MOST_NAMES = 200
"""Of series that one page watches."""
_TICK, _QUIET_TICKS = 0.8, 18
"""Seconds between two looks, and looks without news after which a word is sent that keeps the line open."""

Cursor = dict[str, int]


def read_cursor(text: str) -> Cursor:
    """A cursor as it was sent. Raises UsageError."""
    try:
        value = json.loads(text or "{}")
        good = isinstance(value, dict) and all(type(step) is int and abs(step) < 2**62 for step in value.values())
    except (ValueError, RecursionError):
        good = False
    if not good or len(value) > MOST_NAMES:
        raise UsageError(f"cursor {text[:40]}; expected the last step of each of at most {MOST_NAMES} series")
    return dict(value)


def event(name: str, value: Any, cursor: Cursor | None = None) -> str:
    """One event, with the cursor after it."""
    at = "" if cursor is None else f"id: {json.dumps(cursor, separators=(',', ':'))}\n"
    return f"event: {name}\n{at}data: {json.dumps(finite(value), allow_nan=False, separators=(',', ':'))}\n\n"


async def of_run(path: Path, cursor: Cursor, leaving: Callable[[], bool]) -> AsyncIterator[str]:
    """The events of a run: ``run`` when its state changes, ``rows``, ``names`` when series come, ``anew``.

    Args:
        path: its folder.
        cursor: the series that are watched, each with the step beyond which nothing was sent yet.
        leaving: whether the server is about to end.
    """
    seen, quiet = Watched(path, cursor), 0
    yield ": here\n\n"  # so that a browser knows at once that it is connected
    while not leaving():
        try:
            news = await to_thread.run_sync(seen.look)
        except (PalestraError, OSError) as error:
            yield event("gone", {"error": str(error)})
            return
        for text in news:
            yield text
        quiet = 0 if news else quiet + 1
        if quiet >= _QUIET_TICKS:
            quiet = 0
            yield ": still here\n\n"
        await anyio.sleep(_TICK)


class Watched:
    """A run as it was at the last look."""

    def __init__(self, path: Path, cursor: Mapping[str, int]):
        self._path = path
        self._cursor = dict(cursor)
        self._names: list[str] | None = None
        self._state: dict[str, Any] | None = None
        self._stamp: Any = None

    def look(self) -> list[str]:
        """The events since the last look."""
        state = _state(self._path)
        news = [] if state == self._state else [event("run", state)]
        self._state = state
        stamp = stamp_of(self._path / METRICS)
        if stamp == self._stamp or stamp is None:
            return news
        self._stamp = stamp
        return [*news, *self._rows(self._path / METRICS)]

    def _rows(self, database: Path) -> list[str]:
        try:
            last = read_last_steps(database)
        except PalestraError:  # made, and nothing in it yet
            return []
        news = []
        if sorted(last) != self._names:
            if self._names is not None:
                news.append(event("names", {"names": sorted(last)}))
            self._names = sorted(last)
        rows, anew = {}, []
        for name, step in self._cursor.items():
            if last.get(name, step) < step:  # a resume dropped rows
                anew.append(name)
            elif last.get(name, step) > step:
                found = read_after(database, name, step, MOST_ROWS)
                if found is None:
                    anew.append(name)
                else:
                    rows[name] = {"steps": packed_steps(found[0]), "values": packed(found[1])}
                    self._cursor[name] = int(found[0][-1])
        if anew:
            self._cursor |= {name: last.get(name, -1) for name in anew}
            news.append(event("anew", {"names": anew}, self._cursor))
        if rows:
            news.append(event("rows", rows, self._cursor))
        return news


def _state(path: Path) -> dict[str, Any]:
    """What a page shows of a run besides its curves."""
    manifest = read_manifest(path)
    status = manifest["status"]
    if status == "running" and not is_locked(path):
        status = "interrupted"
    claim = manifest.get("claim")
    told = ("steps", "seconds", "headline", "best_step", "exact", "ending")
    checkpoints = path / "checkpoints"
    return {
        "status": status,
        **{name: manifest.get(name) for name in told},
        "resumes": len(manifest["resumes"]),
        "claim": claim,
        "checkpoints": sum(1 for _ in checkpoints.glob("step-*")) if checkpoints.is_dir() else 0,
    }
