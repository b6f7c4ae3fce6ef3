"""Which rows are for training, for validation and for the test: pure functions of sizes and a seed."""

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.order import permutation
from palestra.errors import require

Rows = NDArray[np.int64]
"""Numbers of rows, ascending."""


def held_out(size: int, count: int, seed: int, purpose: str = "validation") -> tuple[Rows, Rows]:
    """Rows that stay, and ``count`` rows drawn to be held out; each row is in exactly one of the two.

    Args:
        size: rows there are.
        count: rows to hold out, fewer than all.
        seed: of the draw.
        purpose: what they are held out for; each purpose has a draw of its own.
    """
    require(0 <= count < size, f"{purpose}={count} of {size} rows", f"0 to {size - 1}")
    drawn = _drawn(size, seed, purpose)
    return np.sort(drawn[count:]), np.sort(drawn[:count])


def fold(size: int, folds: int, number: int, seed: int) -> tuple[Rows, Rows]:
    """Rows to train on and rows of the fold of that number: over all numbers each row is in exactly one fold.

    Args:
        size: rows there are.
        folds: parts, 2 or more; their sizes differ by at most one row.
        number: which of them, from 0.
        seed: of the draw.
    """
    require(2 <= folds <= size, f"folds={folds} of {size} rows", f"2 to {size}")
    require(0 <= number < folds, f"fold={number} of {folds}", f"0 to {folds - 1}")
    drawn = _drawn(size, seed, "folds")
    parts = np.array_split(drawn, folds)
    rest = np.concatenate([part for i, part in enumerate(parts) if i != number])
    return np.sort(rest), np.sort(parts[number])


def _drawn(size: int, seed: int, purpose: str) -> Rows:
    # An epoch of its own for each purpose, out of the reach of the order of a training.
    epoch = -1 - ["test", "validation", "folds"].index(purpose)
    return permutation(seed, epoch, size).numpy()
