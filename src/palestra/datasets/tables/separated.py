"""Separated values (CSV, TSV) to a frame, with errors that name the line."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from palestra.datasets.tables.frame import Column, Frame, Words
from palestra.errors import UsageError

MISSING = frozenset({"", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "?"})
"""What stands for a value that is not known."""
_MOSTLY = 0.9
"""Share of numbers from which on a column is one of numbers, and what is none in it a mistake."""


def read_separated(
    data: bytes,
    name: str,
    *,
    separator: str = ",",
    header: Sequence[str] = (),
    words: Iterable[str] = (),
    apart: Sequence[str] = (),
) -> Frame:
    """The table in a text.

    A column is of numbers where all that is known in it are numbers, else of words. Where nearly all are numbers, the
    first that is none is an error rather than a word among thousands.

    Args:
        data: UTF-8 text with a line for each row.
        name: what it is called in an error.
        separator: between two values.
        header: names of the columns; the first line has them if none are given.
        words: columns that are of words though they look like numbers.
        apart: columns, whether they are there or not, that nobody calculates with: a word among their numbers is no
            mistake, and makes all of them words.

    Raises UsageError, with the line, for anything that is no such table.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{name}, line {line}: byte {data[error.start]:#04x}; expected text in UTF-8{_conversion(data, name)}"
        ) from error
    lines = _lines(text, name, separator)
    names = list(header) or next(lines, (0, []))[1]
    _check_names(names, name)
    values: list[list[str]] = [[] for _ in names]
    numbers: list[int] = []
    for line, row in lines:
        if len(row) != len(names):
            raise UsageError(f"{name}, line {line}: {len(row)} values; expected {len(names)}, one a column")
        for column, value in zip(values, row):
            column.append(value.strip())
        numbers.append(line)
    if not numbers:
        raise UsageError(f"{name} has no rows; expected at least one under the names of its columns")
    chosen = set(words)
    if unknown := sorted(chosen - set(names)):
        raise UsageError(f"{name} has no column {unknown[0]!r}; it has {', '.join(names[:8])}")
    return Frame(
        {
            each: _words(column) if each in chosen else _column(column, f"{name}, line", each, numbers, each in apart)
            for each, column in zip(names, values)
        }
    )


def _conversion(data: bytes, name: str) -> str:
    """How a text in one of the two other encodings that Chinese tables come in becomes UTF-8; empty for any other."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return f"; it begins as UTF-16 does: iconv -f UTF-16 -t UTF-8 {name} > utf8.csv"
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in text)
    return f"; it reads as GBK: iconv -f GB18030 -t UTF-8 {name} > utf8.csv" if chinese else ""


def _lines(text: str, name: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and values of every row that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            if row and row != [""]:
                yield reader.line_num, row
    except csv.Error as error:
        raise UsageError(f"{name}, line {reader.line_num}: {error}; expected values between separators") from error


def _check_names(names: Sequence[str], name: str) -> None:
    if not names:
        raise UsageError(f"{name} is empty; expected a line with the names of the columns")
    seen: set[str] = set()
    for number, each in enumerate(names, 1):
        if not each.strip() or each in seen:
            raise UsageError(f"{name}: column {number} is called {each!r}; expected a name of its own for each")
        seen.add(each)


def _column(values: list[str], place: str, column: str, lines: Sequence[int], apart: bool) -> Column:
    """Numbers, or words; ``apart`` are those that nobody calculates with, in which no word is a mistake."""
    out, wrong, known = np.full(len(values), np.nan), [], 0
    for row, value in enumerate(values):
        if value not in MISSING:
            known += 1
            number = _number(value)
            if number is None:
                wrong.append(row)
            else:
                out[row] = number
    infinite = np.isinf(out)
    if apart and np.isfinite(out).sum() < known:
        return _words(values)
    if not wrong and infinite.any():
        row = int(infinite.argmax())
        raise UsageError(f"{place} {lines[row]}, column {column}: {values[row]}; expected a finite number")
    if not wrong:
        return out
    if known - len(wrong) >= _MOSTLY * known:
        raise UsageError(
            f"{place} {lines[wrong[0]]}, column {column}: {values[wrong[0]]!r} is no number, as {known - len(wrong):,} "
            f"of {known:,} values are; correct it, leave the column out, or name it among those of words"
        )
    return _words(values)


def _number(value: str) -> float | None:
    try:
        return float(value) if "_" not in value else None  # which Python allows between digits
    except ValueError:
        return None


def _words(values: Sequence[str]) -> Words:
    levels = sorted({value for value in values if value not in MISSING})
    code = {level: number for number, level in enumerate(levels)}
    return Words(tuple(levels), np.array([code.get(value, -1) for value in values], np.int64))
