"""Frame: a table by columns, each of numbers or of words, in which values may be missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.parts import Rows
from palestra.errors import UsageError, unknown_name

Numbers = NDArray[np.float64]
"""(N,) a column of numbers; NaN where one is missing."""


@dataclass(frozen=True)
class Words:
    """A column of words."""

    levels: tuple[str, ...]
    """The words that occur, each once, in the order of their codes."""
    codes: NDArray[np.int64]
    """(N,) which word; -1 where it is missing."""

    def taken(self, rows: Rows) -> "Words":
        """Some rows of it, in the same code."""
        return Words(self.levels, self.codes[rows])


Column = Numbers | Words


@dataclass(frozen=True)
class Frame:
    """Columns by name, all of one length."""

    columns: Mapping[str, Column]

    def __len__(self) -> int:
        column = next(iter(self.columns.values()))
        return len(column.codes if isinstance(column, Words) else column)

    def taken(self, rows: Rows) -> "Frame":
        """Some of its rows."""
        return Frame(
            {name: each.taken(rows) if isinstance(each, Words) else each[rows] for name, each in self.columns.items()}
        )

    def without(self, names: Iterable[str]) -> "Frame":
        """Without these columns. UsageError for one that is not there."""
        left = dict(self.columns)
        for name in names:
            self.column(name)
            left.pop(name, None)
        return Frame(left)

    def column(self, name: str) -> Column:
        """The column of that name. UsageError if there is none."""
        if name not in self.columns:
            raise unknown_name("column", name, self.columns)
        return self.columns[name]

    def numbers(self, name: str) -> Numbers:
        """The column of numbers of that name. UsageError for any other."""
        column = self.column(name)
        if isinstance(column, Words):
            raise UsageError(f"column {name!r} holds words ({', '.join(column.levels[:3])}); expected numbers")
        return column


def missing(column: Column) -> NDArray[np.bool_]:
    """(N,) where nothing is known."""
    return column.codes < 0 if isinstance(column, Words) else np.isnan(column)


def as_words(column: Column) -> Words:
    """A column of words; numbers become words as they are written without a needless point."""
    if isinstance(column, Words):
        return column
    there = ~np.isnan(column)
    values, inverse = np.unique(column[there], return_inverse=True)
    codes = np.full(len(column), -1)
    codes[there] = inverse
    return Words(tuple(f"{value:.15g}" for value in values), codes)
