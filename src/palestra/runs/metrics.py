"""One run's numbers in ``metrics.db``: SQLite in WAL mode with one writing connection, ``synchronous=FULL``.

Deterministic quantities (table ``points``) and wall-clock ones (table ``timings``) are apart, so that the
points of a run that was killed and resumed can be compared, row for row, with those of one that was not.
SQLite before 3.51.3 can corrupt a WAL database on which two connections write or checkpoint
(https://sqlite.org/wal.html, "the WAL-reset bug"); the run's lock admits one writer, and readers
(``runs.series``) open ``mode=ro``, which never checkpoints.
"""

import math
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from palestra.errors import PalestraError
from palestra.runs.atomic import clear_disk_errors, database_error
from palestra.runs.files import check_file
from palestra.runs.transaction import transaction

# NaN has no place in SQLite, which stores it as NULL; so a NULL value is a NaN. Infinities are ordinary
# REALs; the sign of -0.0 is lost.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS points (
    series INTEGER NOT NULL REFERENCES series, step INTEGER NOT NULL, value REAL, PRIMARY KEY (series, step)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timings (
    series INTEGER NOT NULL REFERENCES series, step INTEGER NOT NULL, value REAL, PRIMARY KEY (series, step)
) WITHOUT ROWID;
"""


class MetricsWriter:
    """The one writer of a run's numbers. Values wait in memory until ``commit``."""

    def __init__(self, path: Path) -> None:
        """Open or create the database; the caller holds the run's lock. Raises PalestraError if it cannot."""
        self._path = path
        self._pending: dict[str, list[tuple[str, int, float]]] = {"points": [], "timings": []}
        with clear_disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path):
            check_file(path, path.parent)
        with self._clear_errors():
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Note values of deterministic series at a step (the learner's clock)."""
        self._pending["points"] += [(name, step, float(value)) for name, value in values.items()]

    def add_timing(self, step: int, values: Mapping[str, float]) -> None:
        """Note wall-clock quantities (seconds, steps per second) at a step."""
        self._pending["timings"] += [(name, step, float(value)) for name, value in values.items()]

    def commit(self) -> None:
        """Make everything noted so far durable, all of it or none.

        Raises PalestraError for a value given twice for one series and step, or where the disk refuses; what
        was noted then stays noted, and a later commit tries again.
        """
        if not any(self._pending.values()):
            return
        names = {(name,) for rows in self._pending.values() for name, _, _ in rows}
        with self._clear_errors(), transaction(self._connection):
            self._connection.executemany("INSERT OR IGNORE INTO series (name) VALUES (?)", sorted(names))
            numbers = dict(self._connection.execute("SELECT name, id FROM series"))
            for table, rows in self._pending.items():
                self._connection.executemany(
                    f"INSERT INTO {table} VALUES (?, ?, ?)",
                    [(numbers[name], step, None if math.isnan(value) else value) for name, step, value in rows],
                )
        for rows in self._pending.values():
            rows.clear()

    def truncate_after(self, step: int) -> None:
        """Drop, durably, every row and every noted value with a greater step, and series left without rows.

        A run resumed from a checkpoint calls this with the checkpoint's step. One that starts anew because it
        was killed before its first checkpoint calls it with -1, since step 0 may have rows too.
        """
        kept = "SELECT series FROM points UNION SELECT series FROM timings"
        with self._clear_errors(), transaction(self._connection):
            for table, rows in self._pending.items():
                rows[:] = [row for row in rows if row[1] <= step]
                self._connection.execute(f"DELETE FROM {table} WHERE step > ?", (step,))
            self._connection.execute(f"DELETE FROM series WHERE id NOT IN ({kept})")

    def retract(self, step: int, names: Collection[str]) -> None:
        """Drop, durably, the rows of some deterministic series at a step."""
        ours = f"SELECT id FROM series WHERE name IN ({', '.join('?' * len(names))})"
        with self._clear_errors(), transaction(self._connection):
            self._connection.execute(f"DELETE FROM points WHERE step = ? AND series IN ({ours})", (step, *names))

    def drop(self, step: int, prefix: str) -> None:
        """Drop, durably, the rows of a step in series whose names begin so: they are about to be written again."""
        named = "SELECT id FROM series WHERE substr(name, 1, ?) = ?"
        with self._clear_errors(), transaction(self._connection):
            self._connection.execute(
                f"DELETE FROM points WHERE step = ? AND series IN ({named})", (step, len(prefix), prefix)
            )

    def close(self) -> None:
        """Commit what is noted and close."""
        try:
            self.commit()
        finally:
            self._connection.close()

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            taken = self._duplicate()
            raise PalestraError(f"{taken} already has a value; a series takes one value for each step") from error
        except sqlite3.Error as error:
            raise database_error(self._path, error) from error

    def _duplicate(self) -> str:
        for table, rows in self._pending.items():
            seen = set()
            for name, step, _ in rows:
                query = f"SELECT 1 FROM {table} JOIN series ON id = series WHERE name = ? AND step = ?"
                if (name, step) in seen or self._connection.execute(query, (name, step)).fetchone():
                    return f"{name} at step {step}"
                seen.add((name, step))
        return "a series"
