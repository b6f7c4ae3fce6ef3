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


def is_standardised(rows: Table, columns: Sequence[int]) -> bool:
    """Whether these columns of rows (n, p) have a mean of 0 and a deviation of 1, by n or by n - 1."""
    if not columns or len(rows) < 3:
        return False
    close = CLOSE if len(columns) > 1 else EXACT
    part = rows[:, columns]
    centred = np.abs(part.mean(0)) <= close
    scaled = (np.abs(part.std(0) - 1) <= close) | (np.abs(part.std(0, ddof=1) - 1) <= close)
    return bool((centred & scaled).all())


def is_ranged(rows: Table, columns: Sequence[int]) -> bool:
    """Whether each of these columns goes from exactly 0 to exactly 1 and reaches either once, as measured ones do."""
    if len(columns) < 2:
        return False
    part = rows[:, columns]
    return bool((((part == 0).sum(0) == 1) & ((part == 1).sum(0) == 1) & (part.min(0) == 0) & (part.max(0) == 1)).all())


def is_projected(rows: Table, columns: Sequence[int]) -> bool:
    """Whether these columns have means of 0 and no correlation at all, as principal components have."""
    if len(columns) < 3 or len(rows) <= len(columns) + 1:
        return False
    part = rows[:, columns]
    deviation = part.std(0)
    alone = np.abs(np.corrcoef(part.T) - np.eye(len(columns))).max()
    return bool((np.abs(part.mean(0)) <= CLOSE * deviation).all() and alone <= CLOSE)


def filled(rows: Table, columns: Sequence[int]) -> list[int]:
    """Those of these columns in which one value stands again and again, and is exactly the mean of all."""
    found = []
    for j in columns:
        value, count = np.unique(rows[:, j], return_counts=True)
        top = int(count.argmax())
        others = np.delete(count, top)
        often = count[top] >= max(3, 0.005 * len(rows)) and count[top] >= 3 * (others.max() if len(others) else 1)
        if often and abs(rows[:, j].mean() - value[top]) <= EXACT * rows[:, j].std():
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
