"""Checkpoints: folders that appear whole, prove that they are undamaged, and load without running code.

``checkpoints/step-000000012288/`` holds ``tensors.safetensors``, ``state.json`` and ``manifest.json``. The
manifest carries size and SHA-256 of the two others and a SHA-256 of itself. A checkpoint is written under a
hidden name, fsynced, and renamed; nothing published is ever written to. Saving a step again publishes a
second revision, ``step-000000012288.1``, before the first goes, so that a kill between the two loses nothing.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from palestra.errors import PalestraError
from palestra.runs.atomic import clear_disk_errors, fsync_dir
from palestra.runs.codec import decode, encode
from palestra.runs.tensorfile import read_tensors, write_tensors

FORMAT_VERSION = 1
TENSORS, STATE, MANIFEST = "tensors.safetensors", "state.json", "manifest.json"

_FOLDER_NAME = re.compile(r"step-(\d{12,})(?:\.(\d+))?")
_HIDDEN = ".tmp-"


class DamagedCheckpointError(PalestraError):
    """A checkpoint is not what was saved; the message says which file and how."""


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
            _write_synced(hidden / MANIFEST, _sealed(manifest))
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
    _verified(path)


def load(path: Path) -> Loaded:
    """Verify and read one checkpoint. Raises DamagedCheckpointError when any byte is not as it was saved."""
    manifest = _verified(path)
    tree = json.loads((path / STATE).read_bytes())
    state = decode(read_tensors(path / TENSORS), tree)
    return Loaded(manifest["step"], state, manifest["info"], path, [])


def load_latest(folder: Path) -> Loaded:
    """The newest checkpoint that is undamaged, with a line in ``skipped`` for each newer one that is not.

    Raises PalestraError when there is none, with every fault found.
    """
    faults: list[tuple[str, str]] = []
    for _, _, path in _published(folder):
        try:
            found = load(path)
        except DamagedCheckpointError as error:
            faults.append((path.name, str(error)))
            continue
        return found._replace(skipped=[f"{fault}; using {path.name}" for _, fault in faults])
    if not faults:
        raise PalestraError(f"no checkpoint in {folder}; start the run again without --resume")
    listed = "; ".join(fault for _, fault in faults)
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
        match = _FOLDER_NAME.fullmatch(path.name)
        if match and step in (None, int(match[1])):
            found.append((int(match[1]), int(match[2] or 0), path))
    return sorted(found, reverse=True)


def _remove(path: Path) -> None:
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


def _sealed(manifest: dict[str, Any]) -> bytes:
    """The manifest file's bytes, in canonical form: the manifest and the SHA-256 of its own text."""
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    sealed = {"manifest": manifest, "sha256": hashlib.sha256(canonical).hexdigest()}
    return (json.dumps(sealed, sort_keys=True, indent=1) + "\n").encode()


def _verified(path: Path) -> dict[str, Any]:
    """The manifest of a checkpoint in which every byte has been checked."""
    manifest = _verified_manifest(path)
    for name, record in manifest["files"].items():
        _verify_file(path / name, record)
    return manifest


def _verified_manifest(path: Path) -> dict[str, Any]:
    try:
        data = (path / MANIFEST).read_bytes()
        manifest: dict[str, Any] = json.loads(data)["manifest"]
        # Sealing what was read must give the file again, byte for byte: no flip can hide, not even in
        # whitespace.
        if _sealed(manifest) != data:
            raise _damaged(path, f"{MANIFEST}: SHA-256 differs")
        present = {entry.name for entry in path.iterdir()}
    except OSError as error:
        raise _damaged(path, f"{MANIFEST}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, f"{MANIFEST}: not a manifest") from error
    if manifest["format"] != FORMAT_VERSION:
        raise PalestraError(
            f"checkpoint {path.name} has format {manifest['format']}, this palestra reads {FORMAT_VERSION}; "
            "load it with the version that wrote it"
        )
    expected = {MANIFEST, *manifest["files"]}
    for name in sorted(present ^ expected):
        raise _damaged(path, f"{name}: {'missing' if name in expected else 'does not belong there'}")
    match = _FOLDER_NAME.fullmatch(path.name)
    if match is None or int(match[1]) != manifest["step"]:
        raise _damaged(path, f"{MANIFEST}: written for step {manifest['step']}")
    return manifest


def _verify_file(path: Path, record: dict[str, Any]) -> None:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != record["bytes"]:
                raise _damaged(path.parent, f"{path.name}: {size} bytes, expected {record['bytes']}")
            if hashlib.file_digest(file, "sha256").hexdigest() != record["sha256"]:
                raise _damaged(path.parent, f"{path.name}: SHA-256 differs")
    except OSError as error:
        raise _damaged(path.parent, f"{path.name}: {error.strerror}") from error


def _damaged(path: Path, fault: str) -> DamagedCheckpointError:
    return DamagedCheckpointError(f"checkpoint {path.name} is damaged ({fault})")
