"""A run: one training on disk, ``<root>/<id>/``. It appears whole, and one process at a time may write in it.

``config.json`` says what was asked for, and changes only where a resume is asked to change it; ``manifest.json`` says
what became of it (status, steps, machine, versions, resumes) and is replaced atomically. Both are checked whole when
they are read (``runs.schema``). ``metrics.db``, ``checkpoints/``, ``plots/`` and ``videos/`` come when they are first
written.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import warnings
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from palestra.errors import PalestraError, UsageError, unknown_name
from palestra.runs.atomic import clear_disk_errors, fsync_dir, remove_temporaries, write_bytes, write_json
from palestra.runs.facts import run_html
from palestra.runs.files import UnreadableError, read_json
from palestra.runs.lock import RunLock, is_locked
from palestra.runs.metrics import MetricsWriter
from palestra.runs.provenance import installed_packages, machine_facts
from palestra.runs.schema import CONFIG_SHAPE, MANIFEST_SHAPE, Shape, check

CONFIG, MANIFEST, METRICS, ENVIRONMENT = "config.json", "manifest.json", "metrics.db", "environment.txt"
UNBORN = ".new-"  # prefix of a run folder that is still being written

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Run:
    """One run folder, open for reading or, by one process at a time, for writing. See ``create``, ``open``."""

    path: Path
    """The run's folder."""
    config: dict[str, Any]
    """What was asked for, as ``config.json`` holds it (tuples are lists, keys are strings)."""
    manifest: dict[str, Any]
    """What became of it, as of opening or of the last ``update_manifest``."""

    def __init__(self, path: Path, lock: RunLock | None) -> None:
        self.path = path
        self.config = read_config(path)
        self.manifest = read_manifest(path)
        self._lock = lock
        self._metrics: MetricsWriter | None = None

    @classmethod
    def create(cls, root: Path, task: str, method: str, seed: int, config: dict[str, Any]) -> Self:
        """Begin a run, open for writing.

        Its id is ``<task>-<method>-s<seed>-<YYYYmmdd-HHMMSS>`` in local time, with ``-2``, ``-3``, … where
        that is taken. ``config`` is JSON. A kill during creation leaves either no run or a whole one. Raises
        UsageError for a task or method that cannot be part of a folder's name, PalestraError where the disk
        refuses.
        """
        for name in (task, method):
            if not _NAME.fullmatch(name):
                raise UsageError(f"{name!r} cannot name a run; expected letters, digits, '.', '_' and '-'")
        now = datetime.now().astimezone()
        stem = f"{task}-{method}-s{seed}-{now:%Y%m%d-%H%M%S}"
        manifest = {
            "format": 1,
            "task": task,
            "method": method,
            "seed": seed,
            "status": "running",
            "created": now.isoformat(timespec="seconds"),
            "steps": 0,
            "seconds": 0.0,
            "headline": None,
            "exact": True,
            "resumes": [],
            "config_digests": [digest(config)],
            **machine_facts(),
        }
        unborn = root / f"{UNBORN}{stem}-{secrets.token_hex(4)}"
        with clear_disk_errors(root):
            root.mkdir(parents=True, exist_ok=True)
            unborn.mkdir()
            lock = RunLock(unborn)
            try:
                write_json(unborn / CONFIG, config)
                write_json(unborn / MANIFEST, manifest)
                write_bytes(unborn / ENVIRONMENT, installed_packages().encode())
                path = _rename_to_free(unborn, root, stem)
            except BaseException:
                shutil.rmtree(unborn, ignore_errors=True)
                lock.release()
                raise
            fsync_dir(root)
        return cls(path, lock)

    @classmethod
    def open(cls, path_or_id: str | Path, root: Path, *, write: bool = False) -> Self:
        """Open a run by its folder or by its id under ``root``.

        With ``write`` the run is locked for this process and what a killed writer left half-written is
        cleared away. Raises UsageError when there is no such run (with the nearest ids) or when another
        process is training it, UnreadableError when its files are not what a training wrote.
        """
        path = find(path_or_id, root)
        if not write:
            return cls(path, None)
        with clear_disk_errors(path / MANIFEST):
            lock = RunLock(path)
        try:
            run = cls(path, lock)
            remove_temporaries(path)
        except BaseException:
            lock.release()
            raise
        return run

    @property
    def id(self) -> str:
        """The run's name: that of its folder."""
        return self.path.name

    @property
    def status(self) -> str:
        """The manifest's status; ``interrupted`` where that is ``running`` and no process trains the run."""
        status: str = self.manifest["status"]
        return "interrupted" if status == "running" and not is_locked(self.path) else status

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def plots(self) -> Path:
        """Folder of the pictures."""
        return self.path / "plots"

    @property
    def videos(self) -> Path:
        """Folder of the videos."""
        return self.path / "videos"

    @property
    def metrics_path(self) -> Path:
        """The database of the run's numbers, for the readers in ``runs.metrics``."""
        return self.path / METRICS

    @property
    def metrics(self) -> MetricsWriter:
        """The writer of the run's numbers. Raises PalestraError when the run is not open for writing."""
        self._check_writable()
        if self._metrics is None:
            self._metrics = MetricsWriter(self.metrics_path)
        return self._metrics

    def update_manifest(self, **fields: Any) -> None:
        """Set fields of the manifest, atomically and durably. Raises PalestraError as ``metrics`` does."""
        self._check_writable()
        manifest = self.manifest | fields
        write_json(self.path / MANIFEST, manifest)
        self.manifest = manifest

    @property
    def edited(self) -> bool:
        """Whether ``config.json`` says something else than what was last written there."""
        known = self.manifest.get("config_digests")
        return isinstance(known, list) and digest(self.config) not in known

    def update_config(self, config: dict[str, Any], **fields: Any) -> None:
        """Replace the configuration, and set fields of the manifest, which knows both until both are written."""
        self.update_manifest(config_digests=[digest(self.config), digest(config)], **fields)
        write_json(self.path / CONFIG, config)
        self.config = read_config(self.path)
        self.update_manifest(config_digests=[digest(config)])

    def close(self) -> None:
        """Commit the numbers and let other processes write. Harmless when repeated."""
        metrics, self._metrics = self._metrics, None
        try:
            if metrics is not None:
                metrics.close()
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _repr_html_(self) -> str:
        """What a notebook shows; ``palestra.watch`` shows its curve too."""
        return run_html(self.id, self.status, self.manifest)

    def _check_writable(self) -> None:
        if self._lock is None:
            raise PalestraError(f"run {self.id} is open for reading; open it with write=True")


def open_all(root: Path, ids: Iterable[str]) -> list["Run"]:
    """Some runs under a root, open for reading. Warns of each that cannot be read, and leaves it out."""
    found = []
    for run_id in ids:
        try:
            found.append(Run.open(root / run_id, root))
        except UnreadableError as error:
            warnings.warn(f"left out: {error}", stacklevel=3)
    return found


def find(path_or_id: str | Path, root: Path) -> Path:
    """The folder of a run, given by that or by its id under ``root``; the run may be damaged.

    Raises UsageError, with the nearest ids, when there is none.
    """
    path = Path(path_or_id)
    if not _is_run(path) and len(path.parts) == 1:
        path = root / path
    if not _is_run(path) or path.name.startswith("."):
        raise unknown_name("run", str(path_or_id), run_ids(root))
    return path


def digest(config: dict[str, Any]) -> str:
    """SHA-256 of a configuration's JSON, however it is laid out."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def run_ids(root: Path) -> list[str]:
    """Ids of the runs under a root, damaged ones too, sorted; empty where the root is not there."""
    if not root.is_dir():
        return []
    with os.scandir(root) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".")]
    return sorted(name for name in names if _is_run(os.path.join(root, name)))


def read_config(path: Path) -> dict[str, Any]:
    """The configuration in a folder. Raises UnreadableError for one that no training wrote."""
    return _read(path / CONFIG, CONFIG_SHAPE)


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a run. Raises UnreadableError for one that no training wrote."""
    return _read(path / MANIFEST, MANIFEST_SHAPE)


def _read(path: Path, shape: Shape) -> dict[str, Any]:
    value = read_json(path, path.parent)
    try:
        check(value, shape)
    except ValueError as error:
        raise UnreadableError(path, f"is damaged: {error}") from error
    return value


def _is_run(path: str | Path) -> bool:
    """Whether a folder is a run, whatever has become of its files: every run is born with these two."""
    for name in (MANIFEST, ENVIRONMENT):
        try:
            os.lstat(os.path.join(path, name))  # no Path for each: lists are long
        except PermissionError:  # of somebody else's, so it is listed as one that cannot be read
            return True
        except (OSError, ValueError):  # not there; a name that no file can have
            continue
        return True
    return False


def _rename_to_free(unborn: Path, root: Path, stem: str) -> Path:
    attempt = 1
    while True:
        path = root / (stem if attempt == 1 else f"{stem}-{attempt}")
        attempt += 1
        if path.exists():
            continue
        try:
            # A run folder is never empty, and a folder cannot be renamed onto one that is not: one winner
            # only.
            unborn.rename(path)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno == errno.ENOTEMPTY:
                continue
            raise
        return path
