"""Traces that a table bears of having been prepared as a whole, before it was split.

A scaler, a projection or a filling that was fitted to some rows leaves these rows with a mean of exactly 0, columns
without any correlation, a gap filled with exactly their mean. Rows that it was not fitted to have none of that. So a
trace says which rows were looked at, and nothing else does.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
CLOSE = 1e-4
"""How far, in deviations, a mean may be from 0, or a deviation from 1, for files that round."""
EXACT = 1e-6
"""The same where a single column has to bear all of it."""


def measured(rows: Table) -> list[int]:
    """Which columns (n, p) hold numbers that were measured: without gaps, of more than ten different values."""
    return [j for j in range(rows.shape[1]) if not np.isnan(rows[:, j]).any() and len(np.unique(rows[:, j])) > 10]


def standardised(rows: Table, columns: Sequence[int]) -> list[int]:
    """Those of these columns of rows (n, p) that have a mean of 0 and a deviation of 1, by n or by n - 1.

    Of normal numbers about one column in a hundred thousand has it by chance, so that there have to be two of them, or
    one that has it to the last digit.
    """
    if len(rows) < 3 or not columns:
        return []
    part = rows[:, columns]
    off = np.minimum(np.abs(part.std(0) - 1), np.abs(part.std(0, ddof=1) - 1))
    off = np.maximum(off, np.abs(part.mean(0)))
    found = [j for j, far in zip(columns, off) if far <= CLOSE]
    return found if len(found) > 1 or off.min() <= EXACT else []


def ranged(rows: Table, columns: Sequence[int]) -> list[int]:
    """Those of these columns that go from exactly 0 to exactly 1 and reach either once, as measured ones do."""
    part = rows[:, columns]
    once = ((part == 0).sum(0) == 1) & ((part == 1).sum(0) == 1) & (part.min(0) == 0) & (part.max(0) == 1)
    return [j for j, bears in zip(columns, once) if bears] if once.sum() > 1 else []


def projected(rows: Table, columns: Sequence[int]) -> list[int]:
    """All of these columns if they have means of 0 and no correlation at all, as principal components have."""
    if len(columns) < 3 or len(rows) <= len(columns) + 1:
        return []
    part = rows[:, columns]
    deviation = part.std(0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a column that does not vary
        alone = np.abs(np.corrcoef(part.T) - np.eye(len(columns))).max()
    bears = bool((np.abs(part.mean(0)) <= CLOSE * deviation).all() and alone <= CLOSE)
    return list(columns) if bears else []


def robust(rows: Table, columns: Sequence[int]) -> list[int]:
    """Those of these columns whose median is 0 and whose quartiles are 1 apart, as a robust scaler leaves them."""
    part = rows[:, columns]
    low, middle, high = np.quantile(part, (0.25, 0.5, 0.75), axis=0)
    off = np.where((part == np.round(part)).all(0), np.inf, np.maximum(np.abs(middle), np.abs(high - low - 1)))
    return [j for j, far in zip(columns, off) if far <= EXACT]  # whole numbers are so by themselves


def filled(rows: Table, columns: Sequence[int]) -> list[int]:
    """Those of these columns in which one value stands again and again, exactly the mean of the others."""
    found = []
    for j in columns:
        value, count = np.unique(rows[:, j], return_counts=True)
        top = int(count.argmax())
        next_most = int(np.delete(count, top).max(initial=1))
        others = rows[rows[:, j] != value[top], j]
        if count[top] < max(3, 0.005 * len(rows), 3 * next_most) or len(others) < 3:
            continue
        if abs(float(others.mean()) - value[top]) <= EXACT * float(others.std()):
            found.append(j)
    return found


def target_means(rows: Table, target_n: NDArray[np.float64]) -> list[int]:
    """The columns whose value is, in every row, exactly the mean of the target over the rows with that value.

    So a category looks that was replaced by the mean of its targets over all rows, those to be judged on among them.
    """
    found = []
    for j in range(rows.shape[1]):
        column = rows[:, j]
        if np.isnan(column).any():
            continue
        value, which, count = np.unique(column, return_inverse=True, return_counts=True)
        if not 2 <= len(value) <= len(rows) / 3 or count.max() < 3:
            continue
        which = which.ravel()
        mean = np.bincount(which, target_n) / count
        within = float((target_n - mean[which]).std())
        close = EXACT * max(float(target_n.std()), 1e-300)
        if within > 0.01 * target_n.std() and np.abs(mean - value).max() <= 100 * close:
            found.append(j)
    return found
