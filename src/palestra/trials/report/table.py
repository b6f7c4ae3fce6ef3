"""A user's table, and the one that it is to be tried on, as numbers.

Words become codes, groups and times are set apart.

Nothing is scaled, filled or left out of sight here: that is the estimator's affair, inside of every fold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from palestra.datasets.own_table import frame
from palestra.datasets.tables.frame import Column, Frame, Words, as_words, missing
from palestra.errors import UsageError, require
from palestra.trials.report.asked import Asked
from palestra.trials.report.case import Numbers, Rows

NAMES_OF_ROWS = 0.5
"""Share of different words from which on a column names its rows, and says nothing about others."""
FEW = 50
"""Different words that any column may have."""


@dataclass(frozen=True)
class Table:
    """What was read."""

    development: Rows
    test: Rows | None
    features: tuple[str, ...]
    classes: tuple[str, ...]
    words: tuple[int, ...]
    """Places of columns of words."""
    levels: dict[int, tuple[str, ...]]
    """Place to words."""
    notes: tuple[str, ...]
    """What was left out, and why."""


def read_tables(asked: Asked, *, classifies: bool) -> Table:
    """The table that is asked for. UsageError, with the line or the row, for anything that is none."""
    names = tuple(filter(None, (*asked.drop, asked.group)))
    whole = frame(asked.data, separator=asked.separator, apart=names)
    target = whole.column(asked.target)
    _check_target(asked.data, asked.target, target)
    classes = _classes(asked, target) if classifies else ()
    if not classifies and isinstance(target, Words):
        raise UsageError(
            f"{asked.target} holds words ({', '.join(target.levels[:3])}); expected numbers for {asked.estimator}, or a"
            " classifier"
        )
    apart = [name for name in (asked.group, asked.time) if name]
    for name in apart:
        require(name != asked.target, f"--group or --time {name}", "another column than the target")
    kept, notes = _features(whole, asked)
    require(bool(kept), f"{asked.data} with nothing but {asked.target}", "columns to predict it from")
    words = {name: column for name in kept if isinstance(column := whole.column(name), Words)}
    places = {kept.index(name): column.levels for name, column in words.items()}
    development = _rows(whole, asked, kept, classes, {name: column.levels for name, column in words.items()})
    test = None
    if asked.test:
        later = frame(asked.test, separator=asked.separator, apart=names)
        lacking = [name for name in kept if name not in later.columns]
        require(not lacking, f"{asked.test} without {', '.join(lacking)}", f"the columns of {asked.data}")
        try:
            test = _rows(later, asked, kept, classes, {name: column.levels for name, column in words.items()})
        except UsageError as error:
            said = str(error)
            raise UsageError(said if asked.test in said else f"{asked.test}: {said}") from error
    return Table(development, test, tuple(kept), classes, tuple(sorted(places)), places, tuple(notes))


def _check_target(file: str, name: str, column: Column) -> None:
    if missing(column).any():
        row = int(missing(column).argmax())
        raise UsageError(f"{file}, row {row + 1}: no {name}; expected one in every row")


def _classes(asked: Asked, column: Column) -> tuple[str, ...]:
    """The words for the classes of a target."""
    words = as_words(column)
    many = len(words.levels) > max(20, len(words.codes) // 2)
    require(not many, f"{asked.target} with {len(words.levels):,} different values in {len(words.codes):,} rows",
            f"classes for {asked.estimator}, or a regressor")  # fmt: skip
    return words.levels


def _features(whole: Frame, asked: Asked) -> tuple[list[str], list[str]]:
    """The columns to learn from, and what is to be said about the others."""
    for name in (*asked.drop, *(each for each in (asked.group, asked.time) if each)):
        whole.column(name)  # which says so where there is none
    kept, notes = [], []
    for name, column in whole.columns.items():
        if name in (asked.target, asked.group, *asked.drop):
            continue
        if isinstance(column, Words):
            if name == asked.time:
                continue  # dates order rows; as words each would be one of its own
            if len(column.levels) > max(FEW, NAMES_OF_ROWS * len(whole)):
                notes.append(f"{name} is left out: {len(column.levels):,} different words name rows")
                continue
        if missing(column).all():
            notes.append(f"{name} is left out: it has no value in any row")
            continue
        kept.append(name)
    return kept, notes


def _rows(
    table: Frame, asked: Asked, kept: Sequence[str], classes: tuple[str, ...], levels: dict[str, tuple[str, ...]]
) -> Rows:
    columns = [_numbers(table, name, levels) for name in kept]
    target: Numbers = np.full(len(table), np.nan)
    if asked.target in table.columns:
        answers = table.column(asked.target)
        _check_target(asked.test or asked.data, asked.target, answers)
        target = _coded(answers, classes).astype(np.float64) if classes else table.numbers(asked.target)
    group = None
    if asked.group and asked.group in table.columns:
        group = np.array([hash_of(word) for word in _texts(table.column(asked.group))], np.int64)
    time = _times(asked, table.column(asked.time)) if asked.time and asked.time in table.columns else None
    return Rows(np.stack(columns, 1), target, np.arange(1, len(table) + 1), group, time)


def _numbers(table: Frame, name: str, levels: dict[str, tuple[str, ...]]) -> Numbers:
    """(n,) a column as numbers; words by their place among those of the development table, others as -1."""
    if name not in levels:
        return table.numbers(name)
    column = as_words(table.column(name))
    code = {word: float(place) for place, word in enumerate(levels[name])}
    by_level = np.array([code.get(word, -1.0) for word in column.levels] + [np.nan])  # the last is for -1: no word
    return by_level[column.codes]


def _coded(column: Column, classes: tuple[str, ...]) -> Numbers:
    code = {word: float(place) for place, word in enumerate(classes)}
    words = as_words(column)
    return np.array([code.get(word, -1.0) for word in words.levels])[words.codes]


def _texts(column: Column) -> list[str]:
    words = as_words(column)
    return [words.levels[code] if code >= 0 else "" for code in words.codes]


def hash_of(word: str) -> int:
    """A number for a word, the same in every table and on every day."""
    number = 14_695_981_039_346_656_037
    for byte in word.encode():  # FNV-1a
        number = (number ^ byte) * 1_099_511_628_211 % 2**64
    return number >> 1


def _times(asked: Asked, column: Column) -> Numbers:
    """(n,) when, in numbers or in days; UsageError for words that are no dates."""
    if missing(column).any():
        row = int(missing(column).argmax())
        raise UsageError(f"--time {asked.time}, row {row + 1}: no value; expected one in every row")
    if not isinstance(column, Words):
        return column
    when = []
    for word in column.levels:
        try:
            when.append(np.datetime64(word.replace("/", "-")).astype("datetime64[s]").astype(np.float64) / 86_400)
        except ValueError as error:
            raise UsageError(f"--time {asked.time}: {word!r}; expected numbers or dates, such as 2026-11-29") from error
    return np.array(when)[column.codes]
