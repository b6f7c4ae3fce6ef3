"""The seal of a checkpoint: a manifest with the size and the SHA-256 of every file, and a SHA-256 of itself.

It shows every accident. It proves nothing of who wrote it, so what is sealed is checked for what it is as well: here
the manifest, and that the files are files of the run; elsewhere, whether the state is one of the learner.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from palestra.errors import PalestraError
from palestra.runs.files import MAX_JSON, UnreadableError, open_inside, parse_json, read_bytes
from palestra.runs.schema import anything, check, count, mapping, record, text

FORMAT_VERSION = 1
TENSORS, STATE, MANIFEST = "tensors.safetensors", "state.json", "manifest.json"
FOLDER_NAME = re.compile(r"step-(\d{12,})(?:\.(\d+))?")
MAX_STATE = 1 << 30
"""Bytes of ``state.json``."""
FAULTS = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, RuntimeError)
"""What reading raises where somebody sealed other things than tensors and the JSON of a state."""

_FORMAT = record({"format": count})
_FILE = record({"bytes": count, "sha256": text})
_MANIFEST = record({"step": count, "info": mapping(anything), "files": mapping(_FILE)})


class DamagedCheckpointError(PalestraError):
    """A checkpoint is not what was saved; the message says which file and how."""


class OtherFormatError(PalestraError):
    """A checkpoint is of another version; no older one is taken in its place."""


def sealed(manifest: dict[str, Any]) -> bytes:
    """The manifest file's bytes, in canonical form: the manifest and the SHA-256 of its own text."""
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    whole = {"manifest": manifest, "sha256": hashlib.sha256(canonical).hexdigest()}
    return (json.dumps(whole, sort_keys=True, indent=1) + "\n").encode()


def verified(path: Path) -> dict[str, Any]:
    """The manifest of a checkpoint in which every byte has been checked."""
    manifest = _verified_manifest(path)
    for name, told in manifest["files"].items():
        _verify_file(path / name, told)
    return manifest


def _verified_manifest(path: Path) -> dict[str, Any]:
    try:
        data = read_bytes(path / MANIFEST, home(path), MAX_JSON)
        told = parse_json(data)
        # Sealing what was read must give the file again, byte for byte: no flip can hide, not even in
        # whitespace.
        if sealed(told["manifest"]) != data:
            raise damaged(path, f"{MANIFEST}: SHA-256 differs")
        manifest: dict[str, Any] = told["manifest"]
        check(manifest, _FORMAT)
        present = {entry.name for entry in path.iterdir()}
    except OSError as error:
        raise damaged(path, f"{MANIFEST}: {error.strerror}") from error
    except UnreadableError as error:
        raise damaged(path, f"{MANIFEST} {error.why}") from error
    except FAULTS as error:
        raise damaged(path, f"{MANIFEST}: not a manifest, {error}") from error
    if manifest["format"] != FORMAT_VERSION:
        raise OtherFormatError(
            f"checkpoint {path.name} has format {manifest['format']}, this palestra reads {FORMAT_VERSION}; "
            "load it with the version that wrote it"
        )
    try:
        check(manifest, _MANIFEST)
    except ValueError as error:
        raise damaged(path, f"{MANIFEST}: {error}") from error
    expected = {MANIFEST, TENSORS, STATE}
    for name in sorted((present | {MANIFEST, *manifest["files"]}) ^ expected):
        raise damaged(path, f"{name}: {'missing' if name in expected else 'does not belong there'}")
    for name in sorted(expected - present):
        raise damaged(path, f"{name}: missing")
    match = FOLDER_NAME.fullmatch(path.name)
    if match is None or int(match[1]) != manifest["step"]:
        raise damaged(path, f"{MANIFEST}: written for step {manifest['step']}")
    return manifest


def _verify_file(path: Path, told: dict[str, Any]) -> None:
    limit = MAX_STATE if path.name == STATE else _memory()
    try:
        with open_inside(path, home(path.parent), limit) as file:
            size = os.fstat(file.fileno()).st_size
            if size != told["bytes"]:
                raise damaged(path.parent, f"{path.name}: {size} bytes, expected {told['bytes']}")
            if hashlib.file_digest(file, "sha256").hexdigest() != told["sha256"]:
                raise damaged(path.parent, f"{path.name}: SHA-256 differs")
    except UnreadableError as error:
        raise damaged(path.parent, f"{path.name} {error.why}") from error
    except OSError as error:
        raise damaged(path.parent, f"{path.name}: {error.strerror}") from error


def home(path: Path) -> Path:
    """The folder that no link in a checkpoint may lead out of: that of the run."""
    return path.parent.parent


def _memory() -> int:
    """Bytes of the machine's memory, into which tensors have to go."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def damaged(path: Path, fault: str) -> DamagedCheckpointError:
    """The error for a checkpoint and what is wrong with it."""
    return DamagedCheckpointError(f"checkpoint {path.name} is damaged ({fault})")
