"""Checkpoints: folders that appear whole, prove that they are undamaged, and load without running code.

``checkpoints/step-000000012288/`` holds ``tensors.safetensors``, ``state.json`` and ``manifest.json``. The
manifest carries size and SHA-256 of the two others and a SHA-256 of itself. A checkpoint is written under a
hidden name, fsynced, and renamed; nothing published is ever written to. Saving a step again publishes a
second revision, ``step-000000012288.1``, before the first goes, so that a kill between the two loses nothing.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from safetensors import SafetensorError

from palestra.errors import PalestraError, UsageError
from palestra.runs.atomic import clear_disk_errors, fsync_dir
from palestra.runs.codec import decode, encode
from palestra.runs.files import UnreadableError, read_bytes
from palestra.runs.seal import (
    FAULTS,
    FOLDER_NAME,
    FORMAT_VERSION,
    MANIFEST,
    MAX_STATE,
    STATE,
    TENSORS,
    DamagedCheckpointError,
    damaged,
    home,
    sealed,
    verified,
)  # fmt: skip
from palestra.runs.tensorfile import read_tensors, write_tensors

T = TypeVar("T")

_HIDDEN = ".tmp-"


class UnfitCheckpointError(UsageError):
    """A checkpoint of another algorithm, or of another configuration of it."""


UNUSABLE = (DamagedCheckpointError, UnfitCheckpointError)
"""Why an older checkpoint is tried."""


class Loaded(NamedTuple):
    """What loading a checkpoint gives."""

    step: int
    """The clock at which it was saved."""
    state: Any
    """The state given to ``save``, bit for bit."""
    info: dict[str, Any]
    """The ``info`` given to ``save``."""
    path: Path
    """The folder it came from."""
    skipped: list[str]
    """One line for each newer checkpoint that was damaged and passed over, newest first."""


def save(folder: Path, step: int, state: dict[str, Any], *, info: dict[str, Any]) -> Path:
    """Write a checkpoint durably and return its folder.

    Only the process that holds the run may save. ``step`` is at least 0; ``state`` is whatever
    ``codec.encode`` takes; ``info`` is JSON for the caller's own use (which checkpoint is best, the
    evaluation behind it). Time goes to hashing (about 1.4 GB/s with SHA instructions), writing, and five
    fsyncs. Leftovers of a save that was killed are removed first. A kill or a full disk at any instant leaves
    every earlier checkpoint as it was. Raises TypeError for a state that cannot be saved, PalestraError where
    the disk refuses.
    """
    info = json.loads(json.dumps(info))  # as it will be read: the manifest's digest must not depend on key types
    tensors, tree = encode(state)
    text = json.dumps(tree).encode()
    hidden = folder / f"{_HIDDEN}{step}-{os.getpid()}"
    with clear_disk_errors(folder):
        if not folder.is_dir():
            folder.mkdir(parents=True)
            fsync_dir(folder.parent)
        _remove_hidden(folder)
        try:
            hidden.mkdir()
            size, digest = write_tensors(hidden / TENSORS, tensors)
            _write_synced(hidden / STATE, text)
            files = {
                TENSORS: {"bytes": size, "sha256": digest},
                STATE: {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()},
            }
            created = datetime.now(UTC).isoformat(timespec="seconds")
            manifest = {
                "format": FORMAT_VERSION,
                "step": step,
                "created": created,
                "info": info,
                "files": files,
            }
            _write_synced(hidden / MANIFEST, sealed(manifest))
            fsync_dir(hidden)
            older = _published(folder, step)
            final = folder / (f"step-{step:012d}" + (f".{older[0][1] + 1}" if older else ""))
            hidden.rename(final)
        except BaseException:
            shutil.rmtree(hidden, ignore_errors=True)
            raise
        fsync_dir(folder)
        for _, _, path in older:
            _remove(path)
    return final


def verify(path: Path) -> None:
    """Check every byte of a checkpoint. Raises DamagedCheckpointError with the file and the fault."""
    verified(path)


def load(path: Path) -> Loaded:
    """Verify and read one checkpoint.

    Raises DamagedCheckpointError when any byte is not as it was saved, or when, sealed or not, it is none.
    """
    manifest = verified(path)
    try:
        state = decode(read_tensors(path / TENSORS), json.loads(read_bytes(path / STATE, home(path), MAX_STATE)))
        if not isinstance(state, dict):
            raise ValueError(f"{STATE} holds a {type(state).__name__}")
    except (OSError, UnreadableError, MemoryError) as error:
        raise damaged(path, str(error)) from error
    except (*FAULTS, SafetensorError) as error:
        raise damaged(path, f"no state of a learner, {type(error).__name__}: {error}") from error
    return Loaded(manifest["step"], state, manifest["info"], path, [])


def load_latest(folder: Path) -> Loaded:
    """The newest checkpoint that is undamaged, with a line in ``skipped`` for each newer one that is not.

    Raises PalestraError when there is none, with every fault found.
    """
    return take_latest(folder, lambda loaded: None)[0]


def take_latest(folder: Path, take: Callable[[Loaded], T]) -> tuple[Loaded, T]:
    """``load_latest``, and what ``take`` makes of it; where that raises one of ``UNUSABLE``, an older one is tried."""
    faults: list[PalestraError] = []
    for _, _, path in _published(folder):
        try:
            found = load(path)
            taken = take(found)
        except UNUSABLE as error:
            faults.append(error)
            continue
        return found._replace(skipped=[f"{fault}; using {path.name}" for fault in faults]), taken
    if not faults:
        raise PalestraError(f"no checkpoint in {folder}; start the run again without --resume")
    if all(isinstance(fault, UnfitCheckpointError) for fault in faults):
        raise faults[0]
    listed = "; ".join(map(str, faults))
    raise PalestraError(f"no undamaged checkpoint in {folder}: {listed}; start the run again without --resume")


def steps(folder: Path) -> list[int]:
    """The steps that have a checkpoint, ascending, damaged ones included."""
    return sorted({step for step, _, _ in _published(folder)})


def is_milestone(step: int, before: int, every: int) -> bool:
    """Whether a clock that goes from ``before`` to ``step`` passes a multiple of ``every``; never with 0."""
    return every > 0 and step // every > before // every


def milestones(folder: Path, every: int) -> set[int]:
    """Of the steps that have a checkpoint the first at or beyond each multiple of ``every``; none with 0."""
    kept, last = set(), 0
    for step in steps(folder) if every else ():
        if is_milestone(step, last, every):
            kept.add(step)
            last = step
    return kept


def find(folder: Path, step: int) -> Path:
    """The folder of the checkpoint saved at a step. Raises PalestraError when there is none."""
    published = _published(folder, step)
    if not published:
        listed = ", ".join(map(str, steps(folder))) or "none"
        raise PalestraError(f"no checkpoint of step {step} in {folder}; there are: {listed}")
    return published[0][2]


def prune(folder: Path, keep: Set[int]) -> None:
    """Remove the checkpoints of every step that is not in ``keep``."""
    with clear_disk_errors(folder):
        _remove_hidden(folder)
        for step, _, path in _published(folder):
            if step not in keep:
                _remove(path)


def _published(folder: Path, step: int | None = None) -> list[tuple[int, int, Path]]:
    """(step, revision, path) of each checkpoint, newest first; of one step only where one is given."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        match = FOLDER_NAME.fullmatch(path.name)
        if match and step in (None, int(match[1])):
            found.append((int(match[1]), int(match[2] or 0), path))
    return sorted(found, reverse=True)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():  # no checkpoint, under a checkpoint's name
        path.unlink()
        return
    # Hidden first: a checkpoint that is half deleted must not look like one that is damaged.
    hidden = path.with_name(f"{_HIDDEN}{path.name}")
    path.rename(hidden)
    shutil.rmtree(hidden)


def _remove_hidden(folder: Path) -> None:
    for path in folder.glob(f"{_HIDDEN}*"):
        shutil.rmtree(path)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
