"""Rows that are another one but for noise, a digit that was rounded, or a column or two."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.ops.twins import chances, crowded
from palestra.trials.report.case import Numbers

NEIGHBOURS = 20
"""Of each row, that are looked at."""
LEAST = 3 * NEIGHBOURS
"""Rows below which nothing is said of how near is too near."""
SEARCHED = 12
"""Columns by which the nearest are looked for."""
ALIKE, NEAR = 0.8, 0.1
"""Share of the columns in which twins are alike, and how far, in deviations, measured numbers may be apart then."""
MOST_OFTEN = 0.02
"""Share of the rows that may have the same number for a column to be of measured ones."""
SAME = 3
"""Measured numbers that rows drawn by themselves never have all in common."""

Places = NDArray[np.int64]
NONE = np.empty(0, np.int64), np.empty(0, np.int64)
"""No pairs."""


def twins(inputs: Numbers, target: Numbers, group: Places | None, *, classifies: bool) -> Places:
    """(n,) the row that each is nearly the same as; itself where there is none.

    Args:
        inputs: (n, p), without columns that number the rows.
        target: (n,) classes or numbers; twins have the same class, or numbers that are near.
        group: (n,) which rows belong together, if that is known: these are no twins.
        classifies: whether targets are classes.
    """
    whole = np.hstack([inputs, target[:, None]])
    _, first = np.unique(whole, axis=0, return_index=True)  # exact copies are another's affair
    rows, answers = inputs[first], target[first]
    measured = [j for j in range(rows.shape[1]) if _is_measured(rows[:, j])]
    bound = NEAR * answers.std() * (not classifies)

    def go_together(one: Places, other: Places) -> NDArray[np.bool_]:
        """Whether the answers of pairs agree, and no group has both."""
        agree: NDArray[np.bool_] = np.abs(answers[one] - answers[other]) <= bound
        return agree if group is None else agree & (group[first][one] != group[first][other])

    own = np.arange(len(inputs))
    for one, other in (_changed(rows, measured, go_together), _near(rows, measured, go_together)):
        fit = go_together(one, other)
        own[first[one[fit]]] = first[other[fit]]
    return own


def _is_measured(column: Numbers) -> bool:
    """Whether a column has a number of its own in nearly every row: nothing lies evenly where values repeat."""
    if np.isnan(column).any():
        return False
    _, often = np.unique(column, return_counts=True)
    return len(often) > 1 and bool(often.max() <= max(3, MOST_OFTEN * len(column)))


def _alike(rows: Numbers, one: Places, other: Places) -> NDArray[np.bool_]:
    """(pairs, p) in which columns pairs of rows are the same, gaps too."""
    a, b = rows[one], rows[other]
    same: NDArray[np.bool_] = (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def _changed(rows: Numbers, measured: list[int], go_together: Any) -> tuple[Places, Places]:
    """Pairs that have nearly all columns in common, bit for bit, measured ones among them; each pair both ways.

    None where as many pairs would be such if one measured number were the next one that there is: columns that go
    together, as length, width and height do, agree by chance, and then as often nearly.
    """
    if len(measured) < SAME:
        return NONE
    codes = []
    for j in measured:
        order = np.argsort(rows[:, j], kind="stable")
        at = np.flatnonzero(np.diff(rows[order, j]) == 0)
        pair = np.sort(np.stack([order[at], order[at + 1]], 1), 1)
        codes.append(pair[:, 0] * len(rows) + pair[:, 1])
    code, often = np.unique(np.concatenate(codes), return_counts=True)
    code, often = code[often >= SAME - 1], often[often >= SAME - 1]
    one, other = code // len(rows), code % len(rows)
    same = _alike(rows, one, other)
    fit = (often >= SAME) & (same.mean(1) >= ALIKE) & go_together(one, other)
    place = np.stack([np.unique(rows[:, j], return_inverse=True)[1].ravel() for j in measured], 1)
    step = (np.abs(place[one] - place[other]) == 1).any(1)
    nearly = step & ~fit & ((same.sum(1) + 1) / rows.shape[1] >= ALIKE) & go_together(one, other)
    if nearly.sum() >= fit.sum():
        fit[:] = False
    return np.r_[one[fit], other[fit]], np.r_[other[fit], one[fit]]


def _near(rows: Numbers, measured: list[int], go_together: Any) -> tuple[Places, Places]:
    """Rows that are nearer to another than rows drawn by themselves would be, and the other of each."""
    if len(rows) < LEAST or len(measured) < 2:
        return NONE
    deviation = rows[:, measured].std(0)
    part = rows[:, measured] / deviation
    apart, nearest = _nearest(part[:, np.unique(np.linspace(0, len(measured) - 1, SEARCHED).astype(int))])
    one = np.flatnonzero(apart[:, 0] > 0)
    if len(one) < LEAST:
        return NONE
    other = nearest[one, 0]
    alike = _alike(rows, one, other)
    alike[:, measured] = np.abs(part[one] - part[other]) <= NEAR
    fit = (alike.mean(1) >= ALIKE) & go_together(one, other)
    found = crowded(chances(apart[one]), fit)
    return one[found], other[found]


def _nearest(rows: Numbers) -> tuple[Numbers, Places]:
    """(n, k) distances to the nearest others, and which these are."""
    from sklearn.neighbors import NearestNeighbors

    tree = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="kd_tree").fit(rows)
    apart, nearest = tree.kneighbors()  # of rows that it knows: without themselves
    return apart, nearest
