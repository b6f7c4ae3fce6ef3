"""Depots in object stores, through fsspec; and from the URL of any depot to the depot."""

import hashlib
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from palestra.errors import UsageError, missing_extra
from palestra.runs.depot import Depot, DepotError, FolderDepot

EXCLUSIVE = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}
"""Protocols of fsspec whose stores can create an object only where there is none, and the package that asks them to.

Of all others fsspec looks whether the name is free and then writes, which two can do at once.
"""


class StoreDepot(Depot):
    """A place in an object store, through fsspec.

    Args:
        url: as fsspec takes it, with its protocol.
        system: fsspec's file system of it.
        root: the place, as that system names it.
    """

    def __init__(self, url: str, system: Any, root: str):
        self.url, self._system, self._root = url, system, root.rstrip("/")

    def make(self) -> None:
        """See that a name which is taken is not given twice. Raises UsageError where it is."""
        name = f"probe-{secrets.token_hex(8)}"
        once, twice = self.create(name, b"first"), self.create(name, b"second")
        kept = self.get(name)
        self.remove(name)
        if (once, twice, kept) != (True, False, b"first"):
            raise UsageError(
                f"depot {self.url} gave one name to two who asked for it; expected a store that creates an object only "
                "where there is none (S3 since 2024, Google Cloud Storage, Azure Blob), or a folder"
            )

    def create(self, name: str, data: bytes) -> bool:
        """Make an object, if the store has none of the name."""
        with self._reached(name):
            try:
                self._system.pipe_file(self._path(name), data, mode="create")
            except FileExistsError:
                return False
        return True

    def put(self, name: str, data: bytes) -> None:
        """Make an object, or replace it."""
        with self._reached(name):
            self._system.pipe_file(self._path(name), data)

    def put_file(self, name: str, path: Path) -> None:
        """The same of a file's content."""
        try:
            with self._reached(name):
                self._system.put_file(str(path), self._path(name))
        except DepotError:
            path.stat()  # a file that has gone is no fault of the depot
            raise

    def get(self, name: str) -> bytes | None:
        """What an object holds."""
        with self._reached(name):
            try:
                return bytes(self._system.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def get_file(self, name: str, path: Path) -> str | None:
        """Write an object into a file, and give its SHA-256."""
        with self._reached(name):
            try:
                self._system.get_file(self._path(name), str(path))
            except FileNotFoundError:
                return None
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()

    def names(self, place: str) -> list[str]:
        """Names of the objects below a place, as the store has them now."""
        with self._reached(place):
            self._system.invalidate_cache()
            try:
                found = self._system.find(self._path(place))
            except FileNotFoundError:
                return []
            bare = self._root.lstrip("/")  # some systems name a file with a stroke before it, some without
            return sorted(path.lstrip("/").removeprefix(f"{bare}/") for path in found)

    def remove(self, name: str) -> None:
        """Take an object away."""
        with self._reached(name), suppress(FileNotFoundError):
            self._system.rm_file(self._path(name))

    def remove_all(self, place: str) -> None:
        """Take away everything below a place."""
        for name in self.names(place):
            self.remove(name)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def open_depot(url: str | Path) -> Depot:
    """The depot of a folder, or of a URL such as ``s3://bucket/place``.

    Raises UsageError for a store of which it is not known that an object can be created only where there is none.
    """
    protocol, found, rest = str(url).partition("://")
    if not found or protocol in ("file", "local"):
        return FolderDepot(Path(rest if found else str(url)).absolute())
    if protocol not in EXCLUSIVE:
        raise UsageError(
            f"depot {url}: two who create one object there at once may both succeed; expected a folder that all "
            f"machines have, or {', '.join(f'{each}://' for each in EXCLUSIVE)}"
        )
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise missing_extra("cluster", f"depot {url}") from None
    try:
        system, root = url_to_fs(str(url), use_listings_cache=False)
    except ImportError as error:
        raise UsageError(f"depot {url} needs {EXCLUSIVE[protocol]} beside the [cluster] extra: {error}") from error
    return StoreDepot(str(url), system, root)
