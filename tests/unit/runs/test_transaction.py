"""A transaction keeps all or nothing, waits for its turn before it reads, and says what was raised within."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from palestra.runs.transaction import transaction


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path / "some.db", timeout=0.0, isolation_level=None)


def test_all_of_it_is_kept_or_nothing(tmp_path: Path) -> None:
    with closing(connect(tmp_path)) as one, closing(connect(tmp_path)) as other:
        one.execute("CREATE TABLE numbers (number INTEGER)")
        with transaction(one):
            one.execute("INSERT INTO numbers VALUES (1)")
        with suppress(KeyboardInterrupt), transaction(one):
            one.execute("INSERT INTO numbers VALUES (2)")
            raise KeyboardInterrupt
        assert not one.in_transaction
        assert other.execute("SELECT number FROM numbers").fetchall() == [(1,)]


def test_it_is_exclusive_before_anything_is_written(tmp_path: Path) -> None:
    with closing(connect(tmp_path)) as one, closing(connect(tmp_path)) as other:
        one.execute("CREATE TABLE numbers (number INTEGER)")
        with transaction(one), pytest.raises(sqlite3.OperationalError, match="locked"), transaction(other):
            pass
        with transaction(other):
            other.execute("INSERT INTO numbers VALUES (1)")
        assert one.execute("SELECT number FROM numbers").fetchall() == [(1,)]


def test_what_sqlite_has_rolled_back_by_itself_is_not_rolled_back_again(tmp_path: Path) -> None:
    with closing(connect(tmp_path)) as one:
        one.execute("CREATE TABLE numbers (number INTEGER UNIQUE)")
        one.execute("INSERT INTO numbers VALUES (1)")
        with pytest.raises(sqlite3.IntegrityError), transaction(one):
            one.execute("INSERT OR ROLLBACK INTO numbers VALUES (1)")
        assert not one.in_transaction
