"""A folder that appears whole or not at all: what is in it is tried before anybody sees it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from palestra.errors import require
from palestra.runs.atomic import clear_disk_errors, fsync_dir, fsync_file


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    """Where it lies."""
    to: str
    """As it was asked for."""
    file: Path
    """The one to begin with: of the function, or the card."""
    learner: str
    """The algorithm."""
    step: int
    """Of the checkpoint, on the learner's clock."""
    facts: dict[str, Any]
    """Of a function its ``inputs``, its ``outputs`` and its ``trial``; of a hub's folder the figures of the card."""


def check_free(folder: Path) -> None:
    """Raise UsageError for a folder that has something in it already."""
    free = not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir()))
    require(free, f"{folder}, which is there already", "a folder that is new, or empty")


@contextmanager
def publishing(folder: Path) -> Iterator[Path]:
    """Yield a folder beside the one that is asked for; when the block ends well, it durably becomes that one.

    When the block fails, nothing is left of it. Raises UsageError as ``check_free``, PalestraError where the disk
    refuses.
    """
    check_free(folder)
    hidden = folder.absolute().parent / f".{folder.name}.tmp-{os.getpid()}"
    with clear_disk_errors(folder, "DIR"):
        try:
            hidden.mkdir(parents=True)
            yield hidden
            for path in sorted(hidden.rglob("*")):
                (fsync_dir if path.is_dir() else fsync_file)(path)
            fsync_dir(hidden)
            hidden.replace(folder)  # onto an empty one, or none
            fsync_dir(folder.absolute().parent)
        except BaseException:
            shutil.rmtree(hidden, ignore_errors=True)
            raise
