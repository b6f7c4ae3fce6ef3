"""A table of the user's own, as a file of separated values (CSV, TSV)."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from palestra.datasets.dataset import Splits, register
from palestra.datasets.hub.content import file_digest
from palestra.datasets.tables.encoding import Encoding
from palestra.datasets.tables.frame import Frame, Words, as_words
from palestra.datasets.tables.separated import read_separated
from palestra.datasets.tables.source import ENCODINGS, FRAMES
from palestra.datasets.tables.splits import Cut, Encoded, Task, table_splits
from palestra.errors import UsageError, require

LARGEST = 250_000_000
"""Bytes of a table that is read: as values of their own they take about twenty times as many."""

MOST_CLASSES = 20
"""Different values that a column of classes may have in any case, beside half as many as there are rows."""


def load(
    path: str,
    target: str = "",
    task: Literal["auto", "classification", "regression"] = "auto",
    drop: Sequence[str] | str = (),
    words: Sequence[str] | str = (),
    separator: str = "",
    validation: float = 0.2,
    test: float = 0.2,
    folds: int = 0,
    fold: int = 0,
    seed: int = 0,
    log_skewed: bool = False,
) -> Splits:
    """Columns as numbers, standardised and one-hot by the training rows alone, and the target.

    Args:
        path: the file.
        target: the column to predict; without one there are only rows, for what learns without labels.
        task: ``auto`` is a classification where the target is of words, else a regression.
        drop: columns to leave out, such as a number of the row; in a text with commas between them.
        words: columns that are of words though they look like numbers.
        separator: between two values; a comma if not given, in a ``.tsv`` a tabulator.
        validation: as :class:`Cut` takes it, and ``test``, ``folds``, ``fold`` and ``seed`` too.
        test: share of the rows to be judged on in the end.
        folds: parts of the other rows.
        fold: which of them is the validation split.
        seed: decides which rows.
        log_skewed: take the logarithm of skewed columns first.

    Raises UsageError, with the line, for what is no such table.
    """
    cut = Cut(validation, test, folds, fold, seed)
    return _encoded(path, target, task, drop, words, separator, cut, log_skewed).splits


def _encoded(
    path: str,
    target: str,
    task: str,
    drop: Sequence[str] | str,
    words: Sequence[str] | str,
    separator: str,
    cut: Cut,
    log_skewed: bool,
) -> Encoded:
    table = frame(path, words=words, separator=separator, apart=_listed(drop))
    try:
        made = table_splits(table, target, _task(table, target, task), cut, drop=_listed(drop), log_skewed=log_skewed)
        _check_shares(cut, len(table))
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return made


def _check_shares(cut: Cut, rows: int) -> None:
    """UsageError for a share of the rows that comes to none of them."""
    shares = {"test": cut.test} if cut.folds else {"validation": cut.validation, "test": cut.test}
    for name, share in shares.items():
        expected = f"{math.ceil(0.6 / share) if share else 0} rows or more, or another share"
        require(share == 0 or round(share * rows) > 0, f"{name}={share} of {rows} rows, which is none", expected)


def encoding(
    path: str,
    target: str = "",
    task: str = "auto",
    drop: Sequence[str] | str = (),
    words: Sequence[str] | str = (),
    separator: str = "",
    log_skewed: bool = False,
    **cut: Any,
) -> Encoding:
    """How a row becomes numbers, by the training rows of the same arguments."""
    return _encoded(path, target, task, drop, words, separator, Cut(**cut), log_skewed).encoding


def frame(path: str, *, words: Sequence[str] | str = (), separator: str = "", apart: Sequence[str] = ()) -> Frame:
    """The table in a file, ``words`` and ``apart`` as :func:`read_separated` takes them."""
    require(len(separator) <= 1, f"separator={separator!r}", "one character, such as ';'")
    file = Path(path).expanduser()
    try:
        size = file.stat().st_size
        data = b"" if size > LARGEST else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); expected a file of separated values") from error
    if size > LARGEST:
        raise UsageError(
            f"{path} of {size / 1e6:,.0f} MB; expected at most {LARGEST / 1e6:,.0f} MB, since memory has to hold it:"
            " take some of its rows, or give its numbers as .npy files (own/arrays)"
        )
    by_name = "\t" if file.suffix.lower() == ".tsv" else ","
    first = data.partition(b"\n")[0].decode("utf-8", "replace")
    others = [each for each in ";\t|," if each in first]
    if not separator and by_name not in first and others:
        raise UsageError(f"{path}: no {by_name!r} in its first line; expected it, or separator={others[0]!r}")
    return read_separated(data, path, separator=separator or by_name, words=_listed(words), apart=apart)


def class_names(path: str, target: str = "", task: str = "auto", **rest: Any) -> tuple[str, ...]:
    """Label to word; empty where a number is predicted, or nothing."""
    if not target:
        return ()
    table = _framed(path, **rest)
    return as_words(table.column(target)).levels if _task(table, target, task) == "classification" else ()


def _listed(names: Sequence[str] | str) -> tuple[str, ...]:
    """Names in a list, or in a text as a command line has it."""
    return tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else tuple(names)


def _framed(
    path: str, words: Sequence[str] | str = (), separator: str = "", drop: Sequence[str] | str = (), **_: Any
) -> Frame:
    return frame(path, words=words, separator=separator, apart=_listed(drop))


def _task(table: Frame, target: str, task: str) -> Task:
    require(task in ("auto", "classification", "regression"), f"task={task}", "auto, classification or regression")
    if not target:
        return "regression"  # of nothing
    column = table.column(target)
    if task == "regression" or (task == "auto" and not isinstance(column, Words)):
        return "regression"
    different = len(as_words(column).levels)
    few = different <= max(MOST_CLASSES, len(table) // 2)
    require(few, f"{target} with {different:,} different values in {len(table):,} rows", "classes, or a regression")
    return "classification"


def digests(path: str, **_: Any) -> dict[str, str]:
    """The file's digest, so that a resume sees whether it changed."""
    return {path: file_digest(Path(path))}


ENCODINGS["own/table"] = encoding
FRAMES["own/table"] = lambda path, target="", **rest: (_framed(path, **rest), target)
register("own/table", load, names=class_names, digests=digests)
