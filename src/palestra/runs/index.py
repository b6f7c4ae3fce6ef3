"""The list of runs: ``<root>/index.db``, a cache over the run folders that can be thrown away at any time.

The folders are the truth. Every listing compares each row with its manifest's file (inode, size, time) and
reads again what changed, so a row that was lost, or never written because a process was killed, comes back by
itself. The database is in rollback-journal mode, where any number of processes may write in turn; and a
listing that cannot write (a read-only disk) still lists.
"""

import errno
import fcntl
import math
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

from palestra.errors import unknown_name
from palestra.runs.atomic import clear_disk_errors
from palestra.runs.files import UnreadableError
from palestra.runs.lock import RunLock, is_locked, open_lock
from palestra.runs.schema import check, count, duration, flag, number, optional, record, text
from palestra.runs.store import MANIFEST, UNBORN, Run, read_manifest, run_ids

_VERSION = 3
_TRASH = ".trash-"


@dataclass(frozen=True)
class RunRow:
    """One run in a listing."""

    id: str
    """Name of its folder."""
    task: str
    """Task of the recipe."""
    method: str
    """Method of the recipe."""
    seed: int
    """Seed of the run."""
    status: str
    """As the manifest says; ``interrupted`` where that is ``running`` and no process trains the run."""
    created: str
    """Local time of creation, ISO 8601 with offset."""
    steps: int
    """The learner's clock at the manifest's last update."""
    seconds: float
    """Time spent training."""
    headline_name: str | None
    """Name of the headline metric, from the manifest's ``headline`` = ``{"name": …, "value": …}``."""
    headline_value: float | None
    """Its last value; None where there is none yet or it is not a number."""
    exact: bool
    """Whether every resume so far was exact."""
    cut: int = 0
    """Episodes that were cut in the headline's evaluation."""
    reached: bool | None = None
    """Whether it reached what its recipe claims; None where nothing is claimed, or it was not tried yet."""


@dataclass(frozen=True)
class Unreadable:
    """A run that cannot be listed."""

    id: str
    """Name of its folder."""
    why: str
    """Which file, and what is wrong with it."""


_COLUMNS = [field.name for field in fields(RunRow)]
_ROW = record(
    {
        "task": text, "method": text, "seed": count, "status": text, "created": text, "steps": count,
        "seconds": duration, "headline_name": optional(text), "headline_value": optional(number), "exact": flag,
        "reached": optional(flag),
    }
)  # fmt: skip
_SCHEMA = f"CREATE TABLE IF NOT EXISTS runs ({', '.join(_COLUMNS)}, stamp TEXT, PRIMARY KEY (id))"
_INSERT = f"INSERT OR REPLACE INTO runs VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"


def enter(root: Path, run: Run) -> None:
    """Bring one run's row up to date with its manifest. Waits its turn behind other processes."""
    with suppress(sqlite3.Error, OSError, UnreadableError):  # a cache must not stop a training; a listing mends it
        row = _read_row(root, run.id)
        _change(root, lambda connection: _update(connection, [row], []))


def list_runs(root: Path) -> list[RunRow]:
    """Every run under a root that can be read, newest first. A missing or damaged index is rebuilt on the way."""
    ids = run_ids(root)
    if not ids:
        return []
    try:
        cached = _change(root, _read_all)
    except (sqlite3.Error, OSError):  # a read-only or full disk: the folders still tell
        cached = {}
    rows, changed = [], []
    for run_id in ids:
        row, stamp = cached.get(run_id, (None, ""))
        if row is None or stamp != _stamp(root, run_id):
            try:
                fresh = _read_row(root, run_id)
            except UnreadableError:  # removed since it was listed, or damaged: ``unreadable`` says so
                continue
            row = fresh[0]
            changed.append(fresh)
        rows.append(row)
    # A run that came after the folders were listed is in the index already; only a missing folder is gone.
    gone = [run_id for run_id in cached.keys() - set(ids) if not (root / run_id / MANIFEST).is_file()]
    if changed or gone:
        with suppress(sqlite3.Error, OSError):
            _change(root, lambda connection: _update(connection, changed, gone))
    return sorted((_shown(root, row) for row in rows), key=lambda row: (row.created, row.id), reverse=True)


def look(root: Path, run_id: str) -> RunRow:
    """One run as it is now, read from its folder. Raises UnreadableError."""
    return _shown(root, _read_row(root, run_id)[0])


def _shown(root: Path, row: RunRow) -> RunRow:
    lost = row.status == "running" and not is_locked(root / row.id)
    return replace(row, status="interrupted") if lost else row


def unreadable(root: Path, rows: Iterable[RunRow]) -> list[Unreadable]:
    """The runs under a root that are not among the rows of ``list_runs``, each with what is wrong with it."""
    found = []
    for run_id in sorted(set(run_ids(root)) - {row.id for row in rows}):
        try:
            read_manifest(root / run_id)
        except UnreadableError as error:
            found.append(Unreadable(run_id, f"{MANIFEST} {error.why}"))
    return found


def reindex(root: Path) -> list[RunRow]:
    """Throw the index away, build it from the folders, and clear what killed creations and removals left."""
    if root.is_dir():
        with clear_disk_errors(root):
            _sweep(root)
            (root / "index.db").unlink(missing_ok=True)
    return list_runs(root)


def remove(root: Path, run_id: str) -> None:
    """Delete a run's folder and its row.

    The folder is renamed to a hidden name first, so that no half-deleted run is ever listed. Raises
    UsageError for an unknown id and for a run that is being trained.
    """
    if run_id not in run_ids(root):
        raise unknown_name("run", run_id, run_ids(root))
    with clear_disk_errors(root / run_id):
        lock = RunLock(root / run_id)
        try:
            (root / run_id).rename(root / f"{_TRASH}{run_id}-{os.getpid()}")
        finally:
            lock.release()
        _sweep(root)
    with suppress(sqlite3.Error, OSError):  # the next listing drops the row if this cannot
        _change(root, lambda connection: _update(connection, [], [run_id]))


def _sweep(root: Path) -> None:
    for path in root.glob(f"{_TRASH}*"):
        shutil.rmtree(path, ignore_errors=True)  # another process may be deleting the same
    for path in root.glob(f"{UNBORN}*"):
        with suppress(OSError):
            if not is_locked(path) and path.stat().st_mtime < time.time() - 3600:
                shutil.rmtree(path, ignore_errors=True)


def _stamp(root: Path, run_id: str) -> str:
    """What changes when a manifest is replaced."""
    try:
        status = os.stat(os.path.join(root, run_id, MANIFEST))
    except OSError:
        return ""
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


def _read_row(root: Path, run_id: str) -> tuple[RunRow, str]:
    stamp = _stamp(root, run_id)  # before reading: a manifest replaced in between is read again next time
    manifest = read_manifest(root / run_id)
    headline = manifest["headline"] or {"name": None, "value": None}
    value = headline["value"]
    copied = ("task", "method", "seed", "status", "created", "steps", "seconds", "exact")
    row = RunRow(
        id=run_id,
        headline_name=headline["name"],
        headline_value=None if value is None or math.isnan(value) else value,
        cut=headline.get("cut", 0),
        reached=(manifest.get("claim") or {}).get("reached"),
        **{name: manifest[name] for name in copied},
    )
    return row, stamp


def _read_all(connection: sqlite3.Connection) -> dict[str, tuple[RunRow, str]]:
    rows = {}
    for row in connection.execute(f"SELECT {', '.join(_COLUMNS)}, stamp FROM runs"):
        values = dict(zip(_COLUMNS, row))
        values["exact"] = bool(values["exact"])
        values["reached"] = {0: False, 1: True}.get(values["reached"], values["reached"])
        with suppress(ValueError):  # a row that no listing wrote: the folder is read again
            check(values, _ROW)
            rows[str(values["id"])] = (RunRow(**values), row[-1])
    return rows


def _update(connection: sqlite3.Connection, changed: Iterable[tuple[RunRow, str]], gone: Iterable[str]) -> None:
    connection.executemany(_INSERT, [(*astuple(row), stamp) for row, stamp in changed])
    connection.executemany("DELETE FROM runs WHERE id = ?", [(run_id,) for run_id in gone])


def _change(root: Path, work: Callable[[sqlite3.Connection], Any]) -> Any:
    """Do some work in one transaction; on a damaged database, start a new one and do it there."""
    path = root / "index.db"
    try:
        return _transact(path, work)
    except sqlite3.OperationalError:  # busy, full, read-only: not damage
        raise
    except sqlite3.DatabaseError:
        gate = open_lock(root / ".index.lock")
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)  # one process rebuilds, the others find it rebuilt
            try:
                return _transact(path, work)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                path.unlink(missing_ok=True)
                path.with_name("index.db-journal").unlink(missing_ok=True)
                return _transact(path, work)
        finally:
            os.close(gate)


def _transact(path: Path, work: Callable[[sqlite3.Connection], Any]) -> Any:
    if path.is_symlink():  # to a database that may be anybody's
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        # A row lost to a power cut is read from its folder again; waiting for the disk would buy nothing.
        connection.execute("PRAGMA synchronous = OFF")
        # At once exclusive: a transaction that began by reading could not wait for another's write.
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            connection.execute("DROP TABLE IF EXISTS runs")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute(_SCHEMA)
        result = work(connection)
        connection.execute("COMMIT")
    return result
