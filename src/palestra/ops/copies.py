"""Rows that stand in a table more than once, and whether chance could have put them there."""

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
CHANCE = 100
"""How many times as many pairs there have to be as independent columns would give by chance."""
MOST_OFTEN = 0.02
"""Share of the rows that may have the same measured number; three may in any case."""


def pattern_numbers(rows: Table) -> NDArray[np.int64]:
    """(n,) which of the different rows each row (n, p) is, bit for bit; a gap equals a gap."""
    whole = np.ascontiguousarray(np.where(np.isnan(rows), np.nan, rows + 0.0))  # -0.0 is 0.0, and all NaN are one
    keys = whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1]))).ravel()
    return np.unique(keys, return_inverse=True)[1].astype(np.int64).ravel()


def pairs(pattern_n: NDArray[np.int64]) -> int:
    """How many pairs of rows are of one pattern."""
    count = np.bincount(pattern_n)
    return int((count * (count - 1) // 2).sum())


def pairs_but_for_one(rows: Table) -> int:
    """How many pairs of rows (n, p) agree in all columns but one.

    A row's key is the sum of what a draw says of its values, so that a column is left out by taking its part away.
    """
    rng = np.random.default_rng(0)
    parts = []
    for column in rows.T:
        code = pattern_numbers(column[:, None])
        parts.append(rng.integers(2**63, size=code.max() + 1, dtype=np.uint64)[code])
    whole = np.sum(parts, axis=0, dtype=np.uint64)  # modulo 2^64
    agree = sum(pairs(np.unique(whole - part, return_inverse=True)[1].ravel()) for part in parts)
    return agree - len(parts) * pairs(pattern_numbers(rows))


def are_copies(rows: Table) -> NDArray[np.bool_]:
    """(n,) which rows (n, p) are the same as another one for no reason but that they were copied.

    Few columns of few values agree by chance. A row counts where one of its values is its own but for its copies, and
    these are as few as of a measured number. All equal rows count where columns drawn independently would agree a
    hundred times less often, and no more pairs agree in all columns but one: where columns go together, rows that agree
    by chance come with many that nearly do, and copies do not.
    """
    pattern = pattern_numbers(rows)
    count_p = np.bincount(pattern)
    twice = count_p[pattern] > 1
    if not twice.any():
        return twice
    _, first = np.unique(pattern, return_index=True)
    different = rows[first]  # one row of each pattern, in the order of their numbers
    own = np.zeros(len(different), bool)
    agree = 1.0
    for column in different.T:
        _, which, count = np.unique(column, return_inverse=True, return_counts=True)
        own |= count[which.ravel()] == 1
        agree *= float(((count / len(column)) ** 2).sum())
    own &= count_p <= max(3, MOST_OFTEN * len(rows))
    by_chance = agree * len(rows) * (len(rows) - 1) / 2
    often = pairs(pattern) > CHANCE * max(by_chance, 0.01) and pairs(pattern) >= pairs_but_for_one(rows)
    return twice if often else twice & own[pattern]


def numbers_rows(column: NDArray[np.float64]) -> bool:
    """Whether a column (n,) says which row it is, and nothing else: whole numbers that all differ, or ever later."""
    if len(column) < 10 or np.isnan(column).any():
        return False
    steps = np.diff(column)
    in_order = bool((steps > 0).all() or (steps < 0).all())
    return in_order or bool((column == np.round(column)).all() and len(np.unique(column)) == len(column))
