"""Files that are whole or absent: written beside their name, fsynced, renamed, and the folder fsynced.

``os.replace`` inside one file system is atomic (POSIX ``rename``), so a reader and a crash see the old file
or the new one, never a part. The fsync of the file comes before the rename, else a power cut can publish an
empty file; the fsync of the folder after it, else the rename itself can be lost.
"""

import errno
import json
import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from palestra.errors import PalestraError

_ADVICE = {
    errno.ENOSPC: "free space on that disk",
    errno.EDQUOT: "free space within your quota",
    errno.EROFS: "remount the disk writable or choose another {elsewhere}",
    errno.EACCES: "make the folder writable for you or choose another {elsewhere}",
    errno.EPERM: "make the folder writable for you or choose another {elsewhere}",
}


def disk_error(path: Path, error: OSError, elsewhere: str = "--out") -> PalestraError:
    """The one-line error for a write that the disk refused: what, where, why, and what to do.

    Inside a run folder the line names the command that continues that run; ``elsewhere`` names the setting by which
    another folder is chosen.
    """
    reason = os.strerror(error.errno) if error.errno else str(error)
    advice = _ADVICE.get(error.errno or 0, "check the disk").format(elsewhere=elsewhere)
    line = f"cannot write {path}: {reason}; {advice}"
    run = next((p for p in path.parents if (p / "config.json").is_file() and (p / "manifest.json").is_file()), None)
    if run is not None:
        line += f", then `palestra train --resume {shlex.quote(str(run))}`; the last good checkpoint is kept"
    return PalestraError(line)


_SQLITE_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_IOERR: errno.EIO,
}


def database_error(path: Path, error: sqlite3.Error) -> PalestraError:
    """The same line for a database on which SQLite gave up."""
    # The low byte is the kind of error, the rest its variety (https://sqlite.org/rescode.html).
    number = _SQLITE_ERRNO.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    return disk_error(path, OSError(number, str(error)) if number else OSError(str(error)))


@contextmanager
def clear_disk_errors(path: Path, elsewhere: str = "--out") -> Iterator[None]:
    """Turn an OSError raised inside into the PalestraError of ``disk_error``."""
    try:
        yield
    except OSError as error:
        raise disk_error(path, error, elsewhere) from error


def fsync_dir(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_file(path: Path) -> None:
    """Make the contents of a closed file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path, elsewhere: str = "--out") -> Iterator[Path]:
    """Yield a temporary path in the same folder; when the block ends well, it durably becomes ``path``.

    The folder is created if it is not there. When the block fails, ``path`` is as it was and the temporary
    file is gone. Raises PalestraError where the disk refuses (full, read-only, no permission).
    """
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    with clear_disk_errors(path, elsewhere):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            fsync_file(temporary)
            os.replace(temporary, path)
            fsync_dir(path.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def remove_temporaries(folder: Path) -> None:
    """Remove what writers killed half-way left in a folder. Only for the one who alone may write there."""
    with clear_disk_errors(folder):
        for leftover in folder.glob(".*.tmp-*"):
            leftover.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes, elsewhere: str = "--out") -> None:
    """Replace a file's content atomically and durably. Raises PalestraError where the disk refuses."""
    with replacing(path, elsewhere) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, value: Any, elsewhere: str = "--out") -> None:
    """Replace a file atomically by a value as indented JSON.

    NaN and infinities are written as Python's ``json`` writes and reads them. Raises TypeError for a value
    that is not JSON, PalestraError where the disk refuses.
    """
    write_bytes(path, (json.dumps(value, indent=2) + "\n").encode(), elsewhere)
