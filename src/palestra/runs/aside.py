"""Deleted with a way back: runs that are set aside for a day, under a hidden name beside the others, and then gone.

``runs.index.remove`` deletes at once; here a folder is renamed and nothing else, so that it comes back as it was. The
moment at which it was set aside stands in its name: ``.aside-<seconds since 1970>-<id>``.
"""

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from palestra.errors import UsageError, unknown_name
from palestra.runs.atomic import clear_disk_errors
from palestra.runs.lock import RunLock
from palestra.runs.store import run_ids

DAY = 86_400.0
"""Seconds for which there is a way back."""
_NAME = re.compile(r"\.aside-(\d{1,12})-(.+)", re.DOTALL)


@dataclass(frozen=True)
class Aside:
    """A run that is set aside."""

    id: str
    """Its name when it was there, and when it will be again."""
    since: float
    """When it was set aside, in seconds since 1970."""


def set_aside(root: Path, run_id: str) -> None:
    """Take a run away, for a day; the listing drops its row by itself.

    Raises UsageError for an unknown id and for a run that is being trained.
    """
    if run_id not in run_ids(root):
        raise unknown_name("run", run_id, run_ids(root))
    drop_old(root)
    with clear_disk_errors(root / run_id):
        lock = RunLock(root / run_id)
        try:
            (root / run_id).rename(root / f".aside-{int(time.time())}-{run_id}")
        finally:
            lock.release()


def list_aside(root: Path) -> list[Aside]:
    """The runs that can be brought back, what was set aside last first."""
    found = [Aside(name, since) for name, since, _ in _folders(root) if since > time.time() - DAY]
    return sorted(found, key=lambda each: each.since, reverse=True)


def bring_back(root: Path, run_id: str) -> None:
    """Put a run where it was. UsageError where there is none to bring back, or another run has its name by now."""
    found = [(since, path) for name, since, path in _folders(root) if name == run_id]
    if not found:
        raise unknown_name("run that was set aside", run_id, [each.id for each in list_aside(root)])
    if (root / run_id).exists():
        raise UsageError(f"a run {run_id} is there; expected its name to be free: move that one away first")
    with clear_disk_errors(root / run_id):
        max(found)[1].rename(root / run_id)


def drop_old(root: Path) -> None:
    """Delete what was set aside more than a day ago."""
    for _, since, path in _folders(root):
        if since <= time.time() - DAY:
            shutil.rmtree(path, ignore_errors=True)


def _folders(root: Path) -> list[tuple[str, float, Path]]:
    """Id, moment and folder of each."""
    found = []
    for path in root.glob(".aside-*") if root.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match:
            found.append((match[2], float(match[1]), path))
    return found
