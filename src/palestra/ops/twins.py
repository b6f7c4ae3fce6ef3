"""Twins: rows so near to another one that rows drawn by themselves would hardly ever be.

Near a row the others lie evenly, as far as the distance r_k of the k-th reaches. The nearer ones are then thrown into a
ball of so many dimensions d as the rows have freedom, and (r_i / r_k)^d are k - 1 numbers drawn evenly from 0 to 1, the
least of them (r_1 / r_k)^d (Levina & Bickel 2005; Facco et al. 2017). Neither the scale nor how dense rows are plays
any part. What is nearer than that allows was not drawn by itself: a copy with a digit rounded, or with noise.
"""

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.float64]
AMONG = 4
"""k of the comparison, so that a row may have been copied up to three times."""
LEVELS = (1e-2, 1e-3, 1e-4)
"""How rare a row has to be by chance; the first that enough rows reach decides."""
TIMES, SHARE, FEWEST = 10, 0.01, 4
"""So many times as many rows as by chance have to reach it, this share of all rows, and no fewer than so many."""


def freedom(distance_nk: Distances) -> Distances:
    """(n,) d around each row, from its distances (n, k) to its nearest, ascending and above 0.

    The maximum of the likelihood (Levina & Bickel 2005, eq. 8) without the nearest, which may be a copy: of the k - 1
    exponentials that log r_k / r_i are, the largest is left out, which is their number's harmonic sum on average. No
    row has more freedom than the middle one, so that an even patch among others is not taken for crowded.
    """
    k = distance_nk.shape[1]
    logs = np.log(distance_nk[:, -1:] / distance_nk[:, 1:-1]).sum(1)
    left = k - 1 - float((1 / np.arange(1, k)).sum())
    own: Distances = left / np.maximum(logs, 1e-12)
    return np.minimum(own, np.median(own))


def chances(distance_nk: Distances) -> Distances:
    """(n,) how probable it is that the nearest of rows drawn by themselves is as near as this, or nearer.

    Args:
        distance_nk: (n, k) of each row to its nearest, ascending and above 0; k is 6 or more.
    """
    ratio = distance_nk[:, 0] / distance_nk[:, AMONG - 1]
    chance: Distances = -np.expm1((AMONG - 1) * np.log1p(-np.minimum(ratio ** freedom(distance_nk), 1 - 1e-16)))
    return chance


def crowded(chance_n: Distances, fit_n: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) which rows are twins, none where they are no more than chance would bring.

    Args:
        chance_n: of each row, as ``chances`` gives it.
        fit_n: which of them are like their nearest in all else.
    """
    for level in LEVELS:
        found: NDArray[np.bool_] = (chance_n < level) & fit_n
        if found.sum() >= max(FEWEST, SHARE * len(found), TIMES * level * len(found)):
            return found
    return np.zeros(len(chance_n), bool)
