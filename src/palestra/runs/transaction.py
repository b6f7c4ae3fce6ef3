"""A write to an SQLite file that is there as a whole or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep all that is written within, or nothing of it where anything is raised.

    It is exclusive from its beginning, since one that began by reading could not wait for another's write.

    Args:
        connection: with ``isolation_level=None``, or Python begins transactions of its own.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # on a full disk SQLite may have rolled back by itself
            connection.execute("ROLLBACK")
        raise
