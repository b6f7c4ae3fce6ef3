"""How much of the differences between scores one setting explains by itself. NumPy, float64."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ranks(score_n: ArrayLike) -> NDArray[np.float64]:
    """(n,) the place of each score from 1, the lowest, to n; equal ones share the mean of their places."""
    _, which, count = np.unique(np.asarray(score_n, np.float64), return_inverse=True, return_counts=True)
    upto = count.cumsum()
    places: NDArray[np.float64] = (upto - (count - 1) / 2)[which]
    return places


def explained(score_n: ArrayLike, group_n: ArrayLike) -> float:
    """Share of the variance of the scores' ranks that lies between groups, beyond what luck would put there.

    Omega squared (Hays 1963), with k groups of n scores

        omega^2 = (SSB - (k - 1) MSW) / (SSB + SSW + MSW),    MSW = SSW / (n - k)

    from 0 (below which it is cut) to 1. Of ranks, so that one trial that came to nothing is not all there is to see. 0
    where there is one group, or one score in each, or all scores are equal.

    Args:
        score_n: (n,) numbers.
        group_n: (n,) which group each is of.
    """
    rank, (_, group) = ranks(score_n), np.unique(np.asarray(group_n), return_inverse=True)
    n, k = len(rank), int(group.max(initial=-1)) + 1
    if k < 2 or n <= k:
        return 0.0
    size = np.bincount(group)
    mean = np.bincount(group, rank) / size
    between = float((size * (mean - rank.mean()) ** 2).sum())
    within = float(((rank - mean[group]) ** 2).sum())
    spread = within / (n - k)
    total = between + within + spread
    return max(0.0, (between - (k - 1) * spread) / total) if total else 0.0


def equal_groups(value_n: ArrayLike, most: int = 5, least: int = 4) -> NDArray[np.int64]:
    """(n,) numbers in groups of as many each as can be, equal ones together: the lowest in group 0.

    Args:
        value_n: (n,) numbers.
        most: groups.
        least: numbers in each.
    """
    rank = ranks(value_n)
    groups = max(1, min(most, len(rank) // least))
    return np.minimum((rank - 0.5) * groups / max(1, len(rank)), groups - 1).astype(np.int64)
