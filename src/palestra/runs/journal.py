"""The journal of a sweep: what it asked for, what it was told, and which trials it ended early; rows are only added.

One SQLite file in rollback-journal mode with ``synchronous=FULL``, so that any number of processes of one machine write
in turn: the sweep itself, and every trial that asks whether to go on. A row is there for good before anything is done
that follows from it, so who is killed finds it again and does the same.
"""

import json
import math
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from palestra.runs.atomic import clear_disk_errors, database_error
from palestra.runs.files import UnreadableError, check_file, parse_json
from palestra.runs.transaction import transaction

WAIT = 600.0
"""Seconds to wait for another process, which may have been frozen while it wrote."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (number INTEGER PRIMARY KEY, settings TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS told (place INTEGER PRIMARY KEY, number INTEGER NOT NULL, score REAL, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rungs (
    place INTEGER PRIMARY KEY, number INTEGER NOT NULL, seed INTEGER NOT NULL, rung INTEGER NOT NULL,
    step INTEGER NOT NULL, score REAL, goes_on INTEGER NOT NULL, UNIQUE (number, seed, rung)
);
"""


class Told(NamedTuple):
    """What came of a trial."""

    number: int
    """Which."""
    score: float | None
    """None for one that failed, or whose score is no number."""
    facts: dict[str, Any]
    """All else, as JSON values."""


class Decision(NamedTuple):
    """Whether a trial went on."""

    number: int
    """Which."""
    seed: int
    """Of which of its trainings."""
    rung: int
    """At which rung, from 0."""
    step: int
    """Where that was, on the learner's clock."""
    score: float | None
    """Its score there; None where that is no number."""
    goes_on: bool
    """What was decided."""


class Journal:
    """A sweep's journal, open for reading and writing. Close it, or use it as a context.

    Raises PalestraError where the disk refuses, UnreadableError for a file that no sweep wrote.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with clear_disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path):
            check_file(path, path.parent)
        with self._clear_errors():
            self._connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
            self._connection.execute("PRAGMA synchronous = FULL")
            with transaction(self._connection):
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._connection.execute(statement)

    def ask(self, number: int, settings: Mapping[str, Any]) -> None:
        """Note, durably, what a trial is to be."""
        self._write("INSERT INTO asked VALUES (?, ?)", (number, json.dumps(settings)))

    def asked(self) -> dict[int, dict[str, Any]]:
        """The settings of every trial that was asked for."""
        rows = self._read("SELECT number, settings FROM asked ORDER BY number")
        return {number: self._object(text) for number, text in rows}

    def tell(self, number: int, score: float | None, facts: Mapping[str, Any]) -> None:
        """Note, durably, what came of a trial. One that is told again came to what it was told last."""
        kept = None if score is None or math.isnan(score) else score
        self._write("INSERT INTO told (number, score, facts) VALUES (?, ?, ?)", (number, kept, json.dumps(facts)))

    def told(self) -> list[Told]:
        """What came of each trial, in the order in which it was told."""
        rows = self._read("SELECT number, score, facts FROM told ORDER BY place")
        last = {number: Told(number, score, self._object(text)) for number, score, text in rows}
        places = {number: place for place, (number, _, _) in enumerate(rows)}
        return sorted(last.values(), key=lambda told: places[told.number])

    def decide(
        self, number: int, seed: int, rung: int, step: int, score: float, goes_on: Callable[[Sequence[float]], bool]
    ) -> bool:
        """Whether a training goes on beyond a rung, which is decided once and noted before it is said.

        Args:
            number: of the trial.
            seed: of its training, which is held against those of the same seed.
            rung: which one, from 0.
            step: the learner's clock.
            score: its score there.
            goes_on: the rule: of all scores that came to this rung so far, this one the last among them.
        """
        known = "SELECT goes_on FROM rungs WHERE (number, seed, rung) = (?, ?, ?)"
        there = "SELECT score FROM rungs WHERE (seed, rung) = (?, ?) AND score IS NOT NULL ORDER BY place"
        with self._clear_errors(), transaction(self._connection):
            row = self._connection.execute(known, (number, seed, rung)).fetchone()
            if row is not None:
                return bool(row[0])
            sound = not math.isnan(score)
            scores = [float(value) for (value,) in self._connection.execute(there, (seed, rung))]
            verdict = goes_on([*scores, score] if sound else scores) if sound else False
            self._connection.execute(
                "INSERT INTO rungs (number, seed, rung, step, score, goes_on) VALUES (?, ?, ?, ?, ?, ?)",
                (number, seed, rung, step, score if sound else None, verdict),
            )
        return verdict

    def keep(self, decision: Decision) -> None:
        """Note a decision that was made elsewhere, unless there is one of the same training at the same rung."""
        self._write(
            "INSERT OR IGNORE INTO rungs (number, seed, rung, step, score, goes_on) VALUES (?, ?, ?, ?, ?, ?)", decision
        )

    def decisions(self) -> list[Decision]:
        """Every decision, in order."""
        rows = self._read("SELECT number, seed, rung, step, score, goes_on FROM rungs ORDER BY place")
        return [
            Decision(number, seed, rung, step, score, bool(goes_on))
            for number, seed, rung, step, score, goes_on in rows
        ]

    def close(self) -> None:
        """Let go of the file. Harmless when repeated."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        with self._clear_errors():
            return self._connection.execute(query).fetchall()

    def _write(self, statement: str, row: tuple[Any, ...]) -> None:
        with self._clear_errors(), transaction(self._connection):
            self._connection.execute(statement, row)

    def _object(self, text: Any) -> dict[str, Any]:
        try:
            return parse_json(str(text).encode())
        except ValueError as error:
            raise UnreadableError(self._path, str(error)) from error

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # busy, full, read-only
            raise database_error(self._path, error) from error
        except sqlite3.DatabaseError as error:
            raise UnreadableError(self._path, f"is damaged: {error}") from error
