"""The one way to open a file of a run: a regular file, of a size that can be, that does not lead out of its folder.

Whatever else stands under its name (a named pipe, a device, a folder, a link to somewhere else) is refused at once,
since reading it would wait for ever, fill the memory, or show what is none of the run's.
"""

import json
import os
import reprlib
import stat
from io import FileIO
from pathlib import Path
from typing import Any

from palestra.errors import UsageError

MAX_JSON = 16 << 20
"""Bytes of a configuration or of a manifest."""
MAX_DEPTH = 64
"""Of nested JSON, far from where Python's own recursion ends."""

_TOO_DEEP = f"is damaged: it is nested deeper than {MAX_DEPTH} levels"
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISDIR, "a folder"),
)


class UnreadableError(UsageError):
    """A file of a run cannot be read, or is not what a training wrote; the message says which file and why."""

    def __init__(self, path: Path, why: str):
        super().__init__(f"cannot read {path.parent}: {path.name} {why}")
        self.why = why


def open_inside(path: Path, root: Path, limit: int | None = None) -> FileIO:
    """Open a file for reading, if it is a regular one in the folder ``root`` and has at most ``limit`` bytes.

    Raises UnreadableError.
    """
    try:
        real, home = path.resolve(), root.resolve()
        if not real.is_relative_to(home):
            raise UnreadableError(path, f"leads out of {root}; expected a file of the run itself")
        # Opening a named pipe without O_NONBLOCK would wait for a writer.
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(path, f"cannot be opened: {why}") from error
    status = os.fstat(descriptor)
    kind = next((name for test, name in _KINDS if test(status.st_mode)), "")
    if not kind and (limit is None or status.st_size <= limit):
        return FileIO(descriptor, "rb")
    os.close(descriptor)
    if kind:
        raise UnreadableError(path, f"is {kind}; expected a regular file")
    raise UnreadableError(path, f"has {status.st_size:,} bytes; expected at most {limit:,}")


def check_file(path: Path, root: Path) -> None:
    """Raise UnreadableError unless ``open_inside`` would open a file that somebody else is about to."""
    open_inside(path, root).close()


def read_bytes(path: Path, root: Path, limit: int) -> bytes:
    """The bytes of a file, opened as ``open_inside`` does."""
    with open_inside(path, root, limit) as file:
        data = file.read(limit + 1)
    if len(data) > limit:  # it grew, or its size was not told
        raise UnreadableError(path, f"has more than {limit:,} bytes")
    return data


def parse_json(data: bytes) -> dict[str, Any]:
    """The JSON object that some bytes are. Raises ValueError, for one that is nested too deep as well."""
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError as error:
        raise ValueError(f"is not JSON ({error}); expected what a training wrote") from error
    if not isinstance(value, dict):
        raise ValueError(f"holds a {type(value).__name__}; expected a JSON object, as a training wrote it")
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for part in level
            if isinstance(part, dict | list)
            for item in (part.values() if isinstance(part, dict) else part)
        ]
        if not level:
            return value
    raise ValueError(_TOO_DEEP)


def read_json(path: Path, root: Path) -> dict[str, Any]:
    """The JSON object in a file, opened as ``open_inside`` does. Raises UnreadableError for anything else."""
    data = read_bytes(path, root, MAX_JSON)
    try:
        return parse_json(data)
    except ValueError as error:
        raise UnreadableError(path, str(error)) from error


def short(value: Any) -> str:
    """A value as it stands in a message, whatever its length."""
    return reprlib.repr(value)
