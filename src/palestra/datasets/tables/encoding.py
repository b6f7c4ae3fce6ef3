"""From a frame to a matrix of numbers, by what the training rows say and nothing else.

Means, deviations, the words that occur and which columns have gaps are taken from the training rows alone. What is
measured on other rows is then what it would be on rows that nobody has seen yet; the usual shortcut, to take them from
all rows, lets the test look into the training.
"""

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.tables.frame import Frame, Words, as_words, missing
from palestra.errors import UsageError

SKEWED = 0.75
"""Skewness from which on ``log_skewed`` takes the logarithm of a column."""
LARGEST = 250_000_000
"""Numbers that the training rows may become: a gigabyte."""


class Encoding:
    """How the rows of a table become rows of numbers.

    A column of numbers is standardised, a gap in it becomes the mean; a column of words becomes one column of 0 and 1
    for each word. Gaps have a column of their own, 1 where the value is missing, wherever the training rows have any. A
    word that the training rows do not have is 0 in all columns.

    Args:
        frame: the training rows.
        log_skewed: take log(1 + x) of columns of numbers without negative ones whose skewness is above 0.75.
    """

    def __init__(self, frame: Frame, *, log_skewed: bool = False):
        self._columns = tuple(frame.columns)
        self.names: tuple[str, ...] = ()
        """Of the columns that come out."""
        self._log: set[str] = set()
        self._scale: dict[str, tuple[float, float]] = {}
        self._words: dict[str, list[str]] = {}
        self._gaps: set[str] = set()
        names: list[str] = []
        for name, column in frame.columns.items():
            if isinstance(column, Words):
                there = np.unique(column.codes[column.codes >= 0])
                self._words[name] = [column.levels[code] for code in there]
                names += [f"{name}={level}" for level in self._words[name]]
            else:
                if log_skewed and _skewed(column):
                    self._log.add(name)
                self._scale[name] = _mean_and_deviation(self._numbers(name, column))
                names.append(name)
            if missing(column).any():
                self._gaps.add(name)
                names.append(f"{name} missing")
        self.names = tuple(names)
        self._check_size(len(frame))

    @property
    def words(self) -> tuple[str, ...]:
        """The columns of words, of those that go in."""
        return tuple(self._words)

    def aligned(self, frame: Frame) -> Frame:
        """A frame from elsewhere with the columns that go in, in their order; others are left out.

        UsageError for one that is missing, and for words where the training rows have numbers.
        """
        lacking = [name for name in self._columns if name not in frame.columns]
        if lacking:
            raise UsageError(f"a table without {', '.join(lacking)}; expected the columns that it was trained on")
        words = self._words
        return Frame({n: as_words(frame.column(n)) if n in words else frame.numbers(n) for n in self._columns})

    def question(self, column: int, threshold: float) -> str:
        """What it means that a column that comes out is at most a threshold, in the words and units of the table."""
        name = self.names[column]
        if name not in self._scale:
            return f"not {name}"
        mean, deviation = self._scale[name]
        value = threshold * deviation + mean
        return f"{name} ≤ {np.expm1(value) if name in self._log else value:.4g}"

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        """(N, F) the rows of a frame with the same columns."""
        out = np.zeros((len(frame), len(self.names)), np.float32)
        at = 0
        for name, column in frame.columns.items():
            if isinstance(column, Words):
                for level in self._words[name]:
                    code = column.levels.index(level) if level in column.levels else -2
                    out[:, at] = column.codes == code
                    at += 1
            else:
                mean, deviation = self._scale[name]
                out[:, at] = np.nan_to_num((self._numbers(name, column) - mean) / deviation)
                at += 1
            if name in self._gaps:
                out[:, at] = missing(column)
                at += 1
        return out

    def _numbers(self, name: str, column: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log1p(np.maximum(column, 0)) if name in self._log else column

    def _check_size(self, rows: int) -> None:
        """UsageError, with the column that has the most words, for rows that memory would not hold."""
        if rows * len(self.names) > LARGEST:
            widest = max(self._words, key=lambda name: len(self._words[name]), default="")
            many = f", {len(self._words[widest]):,} of them for the words of {widest}" if widest else ""
            raise UsageError(
                f"{rows:,} training rows of {len(self.names):,} columns{many}; expected at most {LARGEST:,} numbers:"
                f" leave it out (drop={widest}), or give numbers as .npy files (own/arrays)"
            )


def _mean_and_deviation(column: NDArray[np.float64]) -> tuple[float, float]:
    known = column[~np.isnan(column)]
    if not known.size:
        return 0.0, 1.0
    deviation = float(known.std())
    return float(known.mean()), deviation if deviation > 1e-12 * max(1.0, abs(float(known.mean()))) else 1.0


def _skewed(column: NDArray[np.float64]) -> bool:
    known = column[~np.isnan(column)]
    if known.size < 3 or known.min() < 0 or known.std() == 0:
        return False
    return float((((known - known.mean()) / known.std()) ** 3).mean()) > SKEWED
