"""The source of Python's own standard library, byte by byte: what comes next?

It is where Python is, in the version that runs, so that nothing is fetched; between versions it differs, and a run
notes the version and the digest. Its tests and whatever else was installed there are left out.
"""

import hashlib
import platform
import sys
import sysconfig
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from palestra.datasets.dataset import Split, Splits, register
from palestra.errors import UsageError, require

BYTES = tuple(map(chr, range(256)))
"""Token to character, of whatever is ASCII."""
_TESTS = {"test", "tests", "idle_test"}
_PARTS = 20
"""Of the files, by the digests of their names: one is the test, one the validation."""


def folder() -> Path:
    """Where the running Python has its standard library."""
    return Path(sysconfig.get_path("stdlib"))


@cache
def files(root: Path) -> tuple[str, ...]:
    """The library's files by their paths within its folder, in alphabetical order. UsageError where there are none."""
    # Only where there are modules of its own: beside them may lie everything that was ever installed.
    ours = [path for path in root.iterdir() if path.name.removesuffix(".py") in sys.stdlib_module_names]
    found = chain([path for path in ours if path.is_file()], *(path.rglob("*.py") for path in ours if path.is_dir()))
    names = sorted(path.as_posix() for path in (each.relative_to(root) for each in found) if not _TESTS & {*path.parts})
    if not names:
        raise UsageError(f"no standard library in {root}; expected its .py files, which some installations leave out")
    return tuple(names)


def part(name: str) -> str:
    """The split that a file is in. Its name decides, so that it is in the same one in every version of Python."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") % _PARTS
    return {0: "test", 1: "validation"}.get(number, "train")


def digest(root: Path) -> str:
    """SHA-256 of all files one after another, each behind its name and a line's end."""
    whole = hashlib.sha256()
    for name in files(root):
        whole.update(f"{name}\n".encode() + (root / name).read_bytes())
    return whole.hexdigest()


def load(context: int = 64, held_out: int = 1_000) -> Splits:
    """Bytes (N, context) uint8, and for each the one that comes after it, (N, context) uint8.

    The files of a split stand one after another, in alphabetical order, cut into windows; what is left at the end of
    the last is left out.

    Args:
        context: bytes of a window.
        held_out: windows of the validation and of the test, at equal distances; 0 for all.
    """
    require(context >= 1, f"context={context}", "1 byte or more")
    require(held_out >= 0, f"held_out={held_out}", "0 or more windows")
    root, texts = folder(), {"train": b"", "validation": b"", "test": b""}
    for split in texts:
        texts[split] = b"".join((root / name).read_bytes() for name in files(root) if part(name) == split)
    shortest = min(map(len, texts.values()))
    require(context < shortest, f"context={context}", f"fewer than the {shortest:,} bytes of the smallest split")
    return {name: _windows(text, context, 0 if name == "train" else held_out) for name, text in texts.items()}


def _windows(text: bytes, context: int, most: int) -> Split:
    tokens = torch.from_numpy(np.frombuffer(text, np.uint8).copy())
    count = (len(tokens) - 1) // context
    inputs, targets = (tokens[shift : shift + count * context].view(count, context) for shift in (0, 1))
    if not 0 < most < count:
        return Split(inputs, targets)
    chosen = torch.arange(most) * count // most
    return Split(inputs[chosen], targets[chosen])


def _names(context: int = 0, held_out: int = 0) -> tuple[str, ...]:
    return BYTES


def _origin(context: int = 0, held_out: int = 0) -> dict[str, Any]:
    root = folder()
    size = sum((root / name).stat().st_size for name in files(root))
    about = f"Python {platform.python_version()}, {len(files(root))} modules, {size:,} bytes"
    return {"files": {"the standard library": {"sha256": digest(root), "source": about}}}


register("stdlib-source", load, names=_names, tokens=BYTES, origin=_origin)
