"""Arrays of the user's own: an ``.npz`` with inputs and targets, or an ``.npy`` for each. No pickle in them is read."""

import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.datasets.dataset import Split, Splits, register
from palestra.datasets.hub.content import file_digest
from palestra.datasets.parts import held_out
from palestra.datasets.tables.splits import Cut
from palestra.errors import UsageError, require

_INPUTS, _TARGETS = ("inputs", "x", "X", "images", "data"), ("targets", "y", "Y", "labels", "target")
_PARTED = ("x_train", "y_train", "x_test", "y_test")
"""Names in archives whose test rows are apart, as Keras has them."""

_BROKEN = (
    OSError, ValueError, EOFError, LookupError, TypeError, RuntimeError, SyntaxError, OverflowError, struct.error,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""All that NumPy and what is beneath it raise for damaged files, whose headers are text in Python's own syntax."""


def load(
    path: str,
    targets: str = "",
    validation: float = 0.2,
    test: float = 0.2,
    folds: int = 0,
    fold: int = 0,
    seed: int = 0,
) -> Splits:
    """Inputs (N, ...): uint8 as they are, other numbers as float32; targets int64 classes or float32 numbers.

    Args:
        path: an ``.npz`` with ``inputs`` and ``targets`` (or x and y, or x_train, y_train, x_test, y_test), or an
            ``.npy`` with the inputs.
        targets: the ``.npy`` with the targets, if there are any.
        validation: as :class:`Cut` takes it, and ``test``, ``folds``, ``fold`` and ``seed`` too.
        test: share of the rows to be judged on in the end, unless they are apart.
        folds: parts of the other rows.
        fold: which of them is the validation split.
        seed: decides which rows.

    Raises UsageError, with the row, for numbers that are not finite and for labels below 0.
    """
    arrays = _arrays(Path(path).expanduser())
    if set(_PARTED) <= arrays.keys():
        train, apart = (
            _checked(path, arrays[f"x_{part}"], arrays[f"y_{part}"], f"{part}: ") for part in ("train", "test")
        )
        same = train[0].shape[1:] == apart[0].shape[1:]
        require(same, f"{path}: rows {train[0].shape[1:]} and {apart[0].shape[1:]}", "rows of one shape")
        rest, held = held_out(len(train[0]), round(validation * len(train[0])), seed)
        parts = {"train": _split(train, rest), "validation": _split(train, held)}
        return {**{name: split for name, split in parts.items() if len(split.inputs)}, "test": _split(apart, None)}
    if targets:
        arrays["targets"] = read_array(Path(targets).expanduser())
    inputs = next((arrays[name] for name in _INPUTS if name in arrays), None)
    if inputs is None:
        raise UsageError(f"{path} has {', '.join(arrays) or 'nothing'} in it; expected inputs and targets, or x and y")
    columns = _checked(path, inputs, next((arrays[name] for name in _TARGETS if name in arrays), None), "")
    rows = Cut(validation, test, folds, fold, seed).rows(len(inputs))
    return {name: _split(columns, chosen) for name, chosen in rows.items()}


Columns = tuple[NDArray[Any], NDArray[Any] | None]


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    return {"inputs": read_array(path)} if path.suffix.lower() == ".npy" else read_archive(path)


def read_archive(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in an ``.npz`` by their names; of a single array, as ``inputs``. UsageError for anything else."""
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                return {"inputs": archive}
            return {name: archive[name] for name in archive.files}
    except _BROKEN as error:
        raise _unreadable(path, error) from error


def read_array(path: Path) -> NDArray[Any]:
    """The array in an ``.npy`` file. UsageError for anything else."""
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except _BROKEN as error:
        raise _unreadable(path, error) from error
    if not isinstance(array, np.ndarray):
        raise UsageError(f"{path} is an archive; expected one array, or a name that ends in .npz")
    return array


def _unreadable(path: Path, error: Exception) -> UsageError:
    said = getattr(error, "strerror", None) or " ".join(str(error).split())
    return UsageError(f"{path} cannot be read ({said}); expected what numpy.savez or numpy.save wrote, without objects")


def _checked(path: str, inputs: NDArray[Any], targets: NDArray[Any] | None, part: str) -> Columns:
    place = f"{path}: {part}"
    require(inputs.ndim >= 2 and len(inputs) > 0, f"{place}inputs of shape {inputs.shape}", "(N, ...), a row a sample")
    require(inputs.dtype.kind in "biuf", f"{place}inputs of {inputs.dtype}", "numbers")
    _require_finite(inputs, f"{place}inputs")
    out = inputs if inputs.dtype == np.uint8 else inputs.astype(np.float32)
    if targets is None:
        return out, None
    given = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    require(len(given) == len(inputs), f"{place}{len(inputs)} inputs and {len(given)} targets", "as many")
    require(given.dtype.kind in "biuf", f"{place}targets of {given.dtype}", "classes from 0, or numbers")
    _require_finite(given, f"{place}targets")
    if given.dtype.kind == "f":
        return out, given.astype(np.float32)
    negative = given.reshape(len(given), -1).min(1) < 0
    if negative.any():
        row = int(negative.argmax())
        raise UsageError(f"{place}row {row} of the targets is {given[row]}; expected classes from 0")
    return out, given.astype(np.int64)


def _require_finite(array: NDArray[Any], what: str) -> None:
    if array.dtype.kind != "f":
        return
    wrong = ~np.isfinite(array).reshape(len(array), -1).all(1)
    if wrong.any():
        raise UsageError(f"row {int(wrong.argmax())} of {what} has NaN or infinity; expected finite numbers")


def _split(columns: Columns, rows: NDArray[np.int64] | None) -> Split:
    inputs, targets = (
        None if each is None else torch.from_numpy(each[... if rows is None else rows].copy()) for each in columns
    )
    assert inputs is not None
    return Split(inputs, targets)


def digests(path: str, targets: str = "", **_: Any) -> dict[str, str]:
    """The files' digests, so that a resume sees whether they changed."""
    return {each: file_digest(Path(each)) for each in (path, targets) if each}


register("own/arrays", load, digests=digests)
