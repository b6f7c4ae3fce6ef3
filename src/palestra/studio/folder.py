"""The folder of runs, by ids: no request names a path."""

import hashlib
import os
from pathlib import Path
from typing import Any, NamedTuple

from palestra.errors import PalestraError
from palestra.runs.seal import FOLDER_NAME
from palestra.runs.store import MANIFEST, METRICS, read_config, read_manifest

_KINDS = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".webm": "video/webm",
    ".mp4": "video/mp4",
}
"""Endings of what is shown."""


_MOST_KEPT = 1_000
"""Manifests that are kept as they were read."""


class NotThereError(PalestraError):
    """Something that a request asks for is not there."""


class Picture(NamedTuple):
    """A picture or a film that a run left."""

    key: str
    """By which it is asked for."""
    name: str
    """Of its file."""
    media_type: str
    path: Path


class Folder:
    """The runs of a folder.

    Args:
        root: where they are; it need not be there yet.
    """

    def __init__(self, root: Path):
        self.root = root
        self._manifests: dict[str, tuple[tuple[int, int, int], dict[str, Any]]] = {}

    def path(self, run_id: str) -> Path:
        """The folder of a run, by nothing but its name in ours. Raises NotThereError."""
        simple = bool(run_id) and not run_id.startswith(".") and not any(c in run_id for c in "/\\\0")
        path = self.root / run_id if simple else self.root
        try:
            there = simple and path.parent == self.root and (path / MANIFEST).is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            raise NotThereError(f"no run {run_id[:100]!r}; expected one of the list")
        return path

    def metrics(self, run_id: str) -> Path:
        """The database of a run's numbers, which may not be there yet."""
        return self.path(run_id) / METRICS

    def manifest(self, run_id: str) -> dict[str, Any]:
        """What became of a run, read anew where it has changed."""
        path = self.path(run_id)
        status = os.stat(path / MANIFEST)
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._manifests.get(run_id)
        if known is None or known[0] != stamp:
            known = (stamp, read_manifest(path))
            if len(self._manifests) >= _MOST_KEPT:
                self._manifests.clear()
            self._manifests[run_id] = known
        return known[1]

    def config(self, run_id: str) -> dict[str, Any]:
        """What a run was asked for."""
        return read_config(self.path(run_id))

    def checkpoints(self, run_id: str) -> list[int]:
        """The steps of a run that have a checkpoint, ascending."""
        names = (FOLDER_NAME.fullmatch(path.name) for path in (self.path(run_id) / "checkpoints").glob("step-*"))
        return sorted({int(match[1]) for match in names if match})

    def pictures(self, run_id: str) -> list[Picture]:
        """What can be shown of a run's ``plots/`` and ``videos/``."""
        found = []
        for part in ("plots", "videos"):
            for path in sorted((self.path(run_id) / part).glob("[!.]*")):
                if path.suffix in _KINDS:
                    key = hashlib.sha256(f"{part}/{path.name}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
                    found.append(Picture(key, path.name, _KINDS[path.suffix], path))
        return found

    def picture(self, run_id: str, key: str) -> Picture:
        """The picture of a key. Raises NotThereError."""
        found = next((each for each in self.pictures(run_id) if each.key == key), None)
        if found is None:
            raise NotThereError(f"no picture {key[:40]!r} of {run_id}; expected one of its list")
        return found
