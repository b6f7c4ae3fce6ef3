"""Shipping: a run on its way through a depot, copy by copy, each of them whole.

A copy is a list of files with their sizes and SHA-256, which appears after all of its files have, each under its
digest: what has not changed since the last copy is not sent again. The numbers are copied by SQLite's own backup, since
the bytes of a database that is being written are none. Checkpoints that come and go during the copying do not matter:
rows beyond a checkpoint are dropped by a resume, and a file that has gone begins the copy anew.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from palestra.errors import PalestraError
from palestra.runs import checkpoints
from palestra.runs.atomic import clear_disk_errors, database_error, fsync_dir
from palestra.runs.depot import Depot
from palestra.runs.lease import claims
from palestra.runs.lock import RunLock
from palestra.runs.store import METRICS, UNBORN

KEPT = 2
"""Copies of one holder that stay: one may be damaged, or may be read while the next one comes."""
_COPIES, _FILES = "copies", "files"
_TRIES = 5
_PART = re.compile(r"[^/.\0][^/\0]*")
"""Of the path of a file in a run; none begins with a dot, so none leads out."""


@dataclass(frozen=True)
class Copy:
    """One copy of a run."""

    run: str
    """The run's id."""
    step: int
    """Of its newest checkpoint; -1 before there is one."""
    files: dict[str, tuple[int, str]]
    """Size and SHA-256 of each, by its path in the run."""

    def to_bytes(self) -> bytes:
        """As it lies in a depot."""
        return json.dumps({"run": self.run, "step": self.step, "files": self.files}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Copy":
        """The copy that ``to_bytes`` gave. Raises ValueError for anything else."""
        try:
            values = json.loads(data)
            files = {str(path): (int(size), str(digest)) for path, (size, digest) in values["files"].items()}
            run, step = str(values["run"]), int(values["step"])
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise ValueError(f"{type(error).__name__} {error}") from error
        for name in (run, *(part for path in files for part in path.split("/"))):
            if not _PART.fullmatch(name):
                raise ValueError(f"{name!r} in the path of a file")
        return cls(run, step, files)


class Sender:
    """Sends copies of a run to a place of its own in a depot.

    Args:
        depot: where to.
        place: below which nobody else writes.
        check: called before anything is sent and before the copy becomes visible; it raises where that may not be.
    """

    def __init__(self, depot: Depot, place: str, check: Callable[[], None]):
        self._depot, self._place, self._check = depot, place, check
        self._number = 0
        self._sent: set[str] = set()
        self._last: list[Copy] = []
        self._digests: dict[str, str] = {}

    def send(self, run: Path) -> Copy:
        """Send a copy, and take away what only copies before the last ones needed."""
        self._check()
        for attempt in range(_TRIES):
            try:
                copy = self._send_files(run)
                break
            except FileNotFoundError:  # a checkpoint has made room for the next one
                if attempt == _TRIES - 1:
                    raise
        self._check()
        self._number += 1
        self._depot.put(f"{self._place}/{_COPIES}/{self._number:06d}", copy.to_bytes())
        self._last = [*self._last, copy][-KEPT:]
        self._depot.remove(f"{self._place}/{_COPIES}/{self._number - KEPT:06d}")
        wanted = {digest for each in self._last for _, digest in each.files.values()}
        for digest in self._sent - wanted:
            self._depot.remove(f"{self._place}/{_FILES}/{digest}")
        self._sent &= wanted
        return copy

    def _send_files(self, run: Path) -> Copy:
        step = max(checkpoints.steps(run / "checkpoints"), default=-1)
        files = {}
        with tempfile.TemporaryDirectory(prefix="palestra-") as folder:
            for name, path in _files_of(run):
                if name.startswith("checkpoints/"):  # never written to once it is there
                    files[name] = self._put(path, self._known(name, path))
                else:  # may be replaced or grow while it is sent
                    files[name] = self._put_still(Path(shutil.copyfile(path, Path(folder) / "file")))
            if (run / METRICS).exists():  # after the checkpoints, so that no row of theirs is missing
                _backup(run / METRICS, Path(folder) / METRICS)
                files[METRICS] = self._put_still(Path(folder) / METRICS)
        return Copy(run.name, step, files)

    def _known(self, name: str, path: Path) -> str:
        """The digest of a file that does not change, which is computed once."""
        if name not in self._digests:
            self._digests[name] = _digest(path)
        return self._digests[name]

    def _put_still(self, path: Path) -> tuple[int, str]:
        return self._put(path, _digest(path))

    def _put(self, path: Path, digest: str) -> tuple[int, str]:
        if digest not in self._sent:
            self._depot.put_file(f"{self._place}/{_FILES}/{digest}", path)
            self._sent.add(digest)
        return path.stat().st_size, digest


def fetch(depot: Depot, root: str, folder: Path) -> Path | None:
    """Bring the newest whole copy of what a lease is of into a folder of runs; None where there is none.

    A run of the same id there is replaced by it. Raises UsageError if that is being trained, PalestraError where there
    are copies and none of them is whole.
    """
    said = ""
    for _ in range(_TRIES):  # a holder that still writes takes copies away, but never before the next one is there
        for place, name in _copies(depot, root):
            data = depot.get(name)
            if data is None:
                continue
            try:
                copy = Copy.from_bytes(data)
                return _unpack(depot, place, copy, folder)
            except ValueError as error:
                said = f"{name}: {error}"
    if said:
        raise PalestraError(f"no whole copy of {root} in depot {depot.url} ({said}); it has to be trained anew")
    return None


def newest_step(depot: Depot, root: str) -> int:
    """Step of the newest checkpoint that a copy holds; -1 where there is none."""
    for _, name in _copies(depot, root):
        try:
            return Copy.from_bytes(depot.get(name) or b"").step
        except ValueError:
            continue
    return -1


def _copies(depot: Depot, root: str) -> Iterator[tuple[str, str]]:
    """Place and name of each, those of the newest holder that has any first, and of these the newest first."""
    for claim in reversed(claims(depot, root)):
        place = claim.place(root)
        for name in reversed(depot.names(f"{place}/{_COPIES}")):
            yield place, name


def _unpack(depot: Depot, place: str, copy: Copy, folder: Path) -> Path:
    """A copy as a run. Raises ValueError where a file is missing or is not what was sent."""
    hidden = folder / f"{UNBORN}{copy.run}-{secrets.token_hex(4)}"
    with clear_disk_errors(folder):
        hidden.mkdir(parents=True)
        try:
            for name, (_, digest) in copy.files.items():
                path = hidden / name
                path.parent.mkdir(parents=True, exist_ok=True)
                found = depot.get_file(f"{place}/{_FILES}/{digest}", path)
                if found != digest:
                    raise ValueError(f"{name} is {'missing' if found is None else 'damaged'}")
            _put_in_place(hidden, folder / copy.run)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
        fsync_dir(folder)
    return folder / copy.run


def _put_in_place(hidden: Path, path: Path) -> None:
    """Rename a run to its name; what had that name is an earlier state of the same run."""
    if not path.exists():
        hidden.rename(path)
        return
    lock = RunLock(path)
    try:
        older = hidden.with_name(f"{hidden.name}-older")
        path.rename(older)
        hidden.rename(path)
        shutil.rmtree(older, ignore_errors=True)
    finally:
        lock.release()


def _files_of(run: Path) -> Iterator[tuple[str, Path]]:
    """What a run consists of, beside its numbers: no lock, and nothing that is being written."""
    for folder, folders, files in os.walk(run):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for file in sorted(files):
            path = Path(folder) / file
            if not file.startswith((".", METRICS)):
                yield path.relative_to(run).as_posix(), path


def _backup(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, whoever writes in it."""
    uri = f"file:{quote(str(source.absolute()))}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=30)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing)
    except sqlite3.Error as error:
        raise database_error(source, error) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
