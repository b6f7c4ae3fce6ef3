"""Where fetched data lie: a folder for each data set in the user's cache, out of every repository.

A file appears there whole and checked, or not at all. Who fetches holds a lock, so that of two processes that want the
same one fetches it, and the other finds it.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from palestra.datasets.hub.content import Content
from palestra.runs.atomic import clear_disk_errors, remove_temporaries, write_bytes, write_json
from palestra.runs.files import UnreadableError, read_bytes, read_json
from palestra.runs.lock import open_lock

VARIABLE = "PALESTRA_DATA"
"""The environment variable that names another folder."""
ORIGIN = "origin.json"
"""The file that says where the others came from."""
_PARTIAL = ".partial"


def cache_root() -> Path:
    """The folder of all data sets: ``$PALESTRA_DATA``, or ``palestra/data`` in the user's cache (XDG)."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "palestra" / "data"


class Shelf:
    """The folder of one data set.

    Args:
        name: of the data set.
        root: the folder of all of them; that of ``cache_root`` if None.
    """

    def __init__(self, name: str, root: Path | None = None):
        self.folder = (root or cache_root()) / name

    def read(self, content: Content) -> bytes | None:
        """The bytes of a file if it is there and the right one, else None."""
        path = self.folder / content.name
        if not path.exists():
            return None
        try:
            data = read_bytes(path, self.folder, content.size)
        except UnreadableError:
            return None
        return data if content.fits(data) else None

    def holds(self, content: Content) -> bool:
        """Whether a file of that name and size is there; its bytes are not read."""
        path = self.folder / content.name
        with suppress(OSError):
            return path.is_file() and path.stat().st_size == content.size
        return False

    def put(self, content: Content, data: bytes) -> None:
        """Publish a file, whole or not at all. UnavailableError for one that is not right."""
        content.check(data)
        write_bytes(self.folder / content.name, data, VARIABLE)

    @property
    def origin(self) -> dict[str, Any]:
        """Where the files came from; empty if that is not known."""
        try:
            return read_json(self.folder / ORIGIN, self.folder)
        except UnreadableError:
            return {}

    def note_origin(self, facts: dict[str, Any]) -> None:
        """Write down where the files came from."""
        write_json(self.folder / ORIGIN, facts, VARIABLE)

    def partial(self, url: str) -> Path:
        """Where a download of that address is put together; the folder is made."""
        path = self.folder / _PARTIAL / hashlib.sha256(url.encode()).hexdigest()[:16]
        with clear_disk_errors(path, VARIABLE):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def forget_partials(self) -> None:
        """Remove what downloads left. Only for who holds the lock."""
        folder = self.folder / _PARTIAL
        with clear_disk_errors(folder, VARIABLE):
            for path in folder.glob("*"):
                path.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                folder.rmdir()

    @contextmanager
    def alone(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the right to write here. Where another process has it, call ``waiting`` once and wait for that one.

        The kernel takes the right back from a process that dies, so nobody waits for one that is gone.
        """
        with clear_disk_errors(self.folder, VARIABLE):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = open_lock(self.folder / ".lock")
        try:
            with clear_disk_errors(self.folder, VARIABLE):
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    waiting()
                    fcntl.flock(lock, fcntl.LOCK_EX)
            remove_temporaries(self.folder)
            yield
        finally:
            os.close(lock)
