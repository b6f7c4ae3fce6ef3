"""Depots: named objects, in a folder or an object store, which are all that some machines have in common.

Little is asked of one, so that much can be one. An object appears whole, of several who create the same name one alone
succeeds, and a name that was written can be read. Nothing is locked, renamed or added to.
"""

import errno
import hashlib
import os
import secrets
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from palestra.errors import PalestraError
from palestra.runs.atomic import fsync_dir

_CHUNK = 1 << 20


class DepotError(PalestraError):
    """A depot cannot be reached, or refuses."""


class Depot(ABC):
    """Objects by name; names are paths such as ``a/b`` of letters, digits, ``.``, ``-`` and ``_``."""

    url: str
    """What ``runs.objects.open_depot`` takes, on every machine."""

    @abstractmethod
    def make(self) -> None:
        """Make it, where it is not there yet, and see that it keeps its promises."""

    @abstractmethod
    def create(self, name: str, data: bytes) -> bool:
        """Make an object, unless there is one of this name: False then. Of several at once, one alone succeeds."""

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Make an object, or replace it."""

    @abstractmethod
    def put_file(self, name: str, path: Path) -> None:
        """The same of a file's content."""

    @abstractmethod
    def get(self, name: str) -> bytes | None:
        """What an object holds; None where there is none."""

    @abstractmethod
    def get_file(self, name: str, path: Path) -> str | None:
        """Write an object into a file, and give its SHA-256; None where there is no such object."""

    @abstractmethod
    def names(self, place: str) -> list[str]:
        """Names of the objects below a place, sorted."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Take an object away; harmless where there is none."""

    @abstractmethod
    def remove_all(self, place: str) -> None:
        """Take away everything below a place."""

    @contextmanager
    def _reached(self, name: str) -> Iterator[None]:
        """Turn whatever goes wrong into a DepotError."""
        try:
            yield
        except PalestraError:
            raise
        except Exception as error:  # stores have errors of their own
            why = getattr(error, "strerror", None) or f"{type(error).__name__} {error}"
            raise DepotError(f"depot {self.url} cannot be reached for {name}: {why}") from error


class FolderDepot(Depot):
    """A folder that every machine has, by the same path.

    Only ``O_EXCL`` and ``rename`` are trusted to be atomic, which they are over NFS since its version 3; ``flock`` is
    not, as some network file systems keep it for each machine by itself. The folder is never made by a write: a mount
    that has gone is an error, and no empty depot.
    """

    def __init__(self, root: Path):
        self.root = root
        self.url = str(root)

    def make(self) -> None:
        """Make the folder."""
        with self._reached("itself"):
            self.root.mkdir(parents=True, exist_ok=True)

    def create(self, name: str, data: bytes) -> bool:
        """Make an object; one that is killed within leaves it empty, but it is its own all the same."""
        with self._reached(name):
            path = self._path(name, make=True)
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            except FileExistsError:
                return False
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                _sync(file)
            fsync_dir(path.parent)
        return True

    def put(self, name: str, data: bytes) -> None:
        """Make an object, or replace it."""
        with self._replacing(name) as file:
            file.write(data)

    def put_file(self, name: str, path: Path) -> None:
        """The same of a file's content."""
        with path.open("rb") as source, self._replacing(name) as file:
            shutil.copyfileobj(source, file, _CHUNK)

    def get(self, name: str) -> bytes | None:
        """What an object holds."""
        with self._reached(name):
            try:
                return self._path(name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                self._check_there()
                return None

    def get_file(self, name: str, path: Path) -> str | None:
        """Write an object into a file, and give its SHA-256."""
        with self._reached(name):
            try:
                source = self._path(name).open("rb")
            except (FileNotFoundError, NotADirectoryError):
                self._check_there()
                return None
            digest = hashlib.sha256()
            with source, path.open("wb") as file:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
                _sync(file)
        return digest.hexdigest()

    def names(self, place: str) -> list[str]:
        """Names of the objects below a place; not those that are being written."""
        with self._reached(place):
            self._check_there()
            found = []
            for folder, _, files in os.walk(self._path(place)):
                stem = Path(folder).relative_to(self.root).as_posix()
                found += [f"{stem}/{file}" for file in files if not file.startswith(".")]
        return sorted(found)

    def remove(self, name: str) -> None:
        """Take an object away."""
        with self._reached(name):
            self._path(name).unlink(missing_ok=True)

    def remove_all(self, place: str) -> None:
        """Take away everything below a place."""
        shutil.rmtree(self._path(place), ignore_errors=True)

    def _path(self, name: str, *, make: bool = False) -> Path:
        """The file of an object, in a folder that is made if asked for."""
        path = self.root
        *folders, last = name.split("/")
        for folder in folders:
            path = path / folder
            if make:
                with suppress(FileExistsError):
                    path.mkdir()
        return path / last

    def _check_there(self) -> None:
        """Raise FileNotFoundError where the whole folder is not there, of which nothing can be said then."""
        if not self.root.is_dir():
            raise FileNotFoundError(errno.ENOENT, "the folder itself is not there")

    @contextmanager
    def _replacing(self, name: str) -> Iterator[IO[bytes]]:
        with self._reached(name):
            path = self._path(name, make=True)
            hidden = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # two machines may have the same pid
            try:
                with hidden.open("wb") as file:
                    yield file
                    _sync(file)
                os.replace(hidden, path)
            except BaseException:
                with suppress(OSError):
                    hidden.unlink(missing_ok=True)
                raise
            fsync_dir(path.parent)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
