"""Reads a run's numbers from ``metrics.db`` while its writer goes on: every connection is ``mode=ro``."""

import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from palestra.errors import PalestraError
from palestra.runs.files import check_file


class NoNumbersError(PalestraError):
    """Nothing was recorded yet."""


class Buckets(NamedTuple):
    """A long series made short; each array is (n,). A bucket leaves out NaN if it has any other value."""

    steps: NDArray[np.int64]
    """Last step of each bucket."""
    low: NDArray[np.float64]
    """Smallest value."""
    mean: NDArray[np.float64]
    """Mean value."""
    high: NDArray[np.float64]
    """Largest value."""
    counts: NDArray[np.float64]
    """How many values its mean is of, NaN left out."""


_LEAST, _MOST = -(2**63), 2**63 - 1
"""Steps that SQLite can hold."""


def read_names(path: Path) -> list[str]:
    """Names of the deterministic series that have rows, sorted."""
    return _names(path, "points")


def read_timing_names(path: Path) -> list[str]:
    """Names of the wall-clock series that have rows, sorted."""
    return _names(path, "timings")


def read_series(path: Path, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every point of a deterministic series: steps (n,) ascending, values (n,). Empty for an unknown name."""
    return _series(path, "points", name)


def read_timing(path: Path, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every point of a wall-clock series: steps (n,) ascending and values (n,). Empty for an unknown name."""
    return _series(path, "timings", name)


def read_buckets(
    path: Path, name: str, max_points: int, first: int | None = None, last: int | None = None, *, timing: bool = False
) -> Buckets:
    """A series in at most ``max_points`` buckets of equal width in steps, for drawing.

    A series with no more points than that is returned point for point.

    Args:
        path: the database.
        name: of the series; an unknown one is empty.
        max_points: at least one.
        first: the first step that counts, if not all do.
        last: the last one.
        timing: whether it is a wall-clock series.
    """
    table = "timings" if timing else "points"
    with _reading(path) as connection:
        (number,) = connection.execute("SELECT id FROM series WHERE name = ?", (name,)).fetchone() or (-1,)
        within = f"FROM {table} WHERE series = ? AND step BETWEEN ? AND ?"
        asked = (number, _LEAST if first is None else first, _MOST if last is None else last)
        connection.execute("BEGIN")  # one look, whatever is written meanwhile
        count, low, high = connection.execute(f"SELECT count(*), min(step), max(step) {within}", asked).fetchone()
        if count <= max_points:
            query = f"SELECT step, value, value, value, value IS NOT NULL {within} ORDER BY step"
            rows = connection.execute(query, asked).fetchall()
        else:
            # A range of the key for each, where grouping by a quotient would sort all rows first.
            query = f"SELECT max(step), min(value), avg(value), max(value), count(value) {within}"
            parts = (connection.execute(query, (number, *part)).fetchone() for part in _parts(low, high, max_points))
            rows = [row for row in parts if row[0] is not None]
        columns = np.array([row[1:] for row in rows], dtype=np.float64).reshape(-1, 4)  # None becomes NaN
        return Buckets(np.array([row[0] for row in rows], dtype=np.int64), *columns.T)


def _parts(low: int, high: int, count: int) -> Iterator[tuple[int, int]]:
    """The first and the last step of each of so many parts: step s is in part (s - low) * count // (high - low + 1)."""
    begin, width = low, high - low + 1
    for i in range(1, count + 1):
        end = low - (-i * width // count)
        yield begin, end - 1
        begin = end


def read_last_steps(path: Path) -> dict[str, int]:
    """The last step of every deterministic series. It costs the same whatever their lengths."""
    query = "SELECT name, (SELECT max(step) FROM points WHERE series = id) AS last FROM series WHERE last IS NOT NULL"
    with _reading(path) as connection:
        return dict(connection.execute(query).fetchall())


def read_after(path: Path, name: str, step: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """The points of a deterministic series beyond a step, as ``read_series`` gives them; None if more than ``most``."""
    query = (
        "SELECT step, value FROM points WHERE series = (SELECT id FROM series WHERE name = ?) AND step > ? "
        "ORDER BY step LIMIT ?"
    )
    with _reading(path) as connection:
        rows = connection.execute(query, (name, step, most + 1)).fetchall()
    if len(rows) > most:
        return None
    values = np.array([value for _, value in rows], dtype=np.float64)  # None becomes NaN
    return np.array([step for step, _ in rows], dtype=np.int64), values


def read_rows(path: Path) -> list[tuple[int, str, float]]:
    """Every deterministic row as (step, name, value), by step and then name; the same in equal runs."""
    query = "SELECT step, name, value FROM points JOIN series ON id = series ORDER BY step, name"
    with _reading(path) as connection:
        return [(step, name, _value(value)) for step, name, value in connection.execute(query)]


def _names(path: Path, table: str) -> list[str]:
    query = f"SELECT name FROM series WHERE EXISTS (SELECT 1 FROM {table} WHERE series = id) ORDER BY name"
    with _reading(path) as connection:
        return [name for (name,) in connection.execute(query)]


def _series(path: Path, table: str, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    query = f"SELECT step, value FROM {table} WHERE series = (SELECT id FROM series WHERE name = ?) ORDER BY step"
    with _reading(path) as connection:
        rows = connection.execute(query, (name,)).fetchall()
        values = np.array([value for _, value in rows], dtype=np.float64)  # None becomes NaN
        return np.array([step for step, _ in rows], dtype=np.int64), values


def _value(stored: float | None) -> float:
    return math.nan if stored is None else stored


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The database open for reading; PalestraError in the place of whatever a damaged one leads to."""
    if not os.path.lexists(path):
        raise _nothing_yet(path)
    check_file(path, path.parent)
    try:
        with closing(_open_reader(path)) as connection:
            yield connection
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        raise PalestraError(f"cannot read {path}: {error}") from error


def _open_reader(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, timeout=10)
    try:
        made = connection.execute(_MADE).fetchall()
    except sqlite3.OperationalError:
        connection.close()
        wal = path.with_name(f"{path.name}-wal")
        if wal.exists() and wal.stat().st_size > 0:
            raise
        # WAL needs a shared-memory file, which a read-only folder cannot get; closed cleanly, nothing changes.
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True)
        made = connection.execute(_MADE).fetchall()
    if not made:
        connection.close()
        raise _nothing_yet(path)
    for kind, name, sql in made:  # a view or a virtual table computes, perhaps for ever
        if kind not in ("table", "index") or str(sql).upper().startswith("CREATE VIRTUAL"):
            connection.close()
            raise ValueError(f"it holds the {kind} {name!r}, which no training makes")
    return connection


_MADE = "SELECT type, name, sql FROM sqlite_master"


def _nothing_yet(path: Path) -> NoNumbersError:
    return NoNumbersError(f"no numbers in {path} yet; the run has not recorded anything")
