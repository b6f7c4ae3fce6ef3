"""Labels that are wrong, told from classes that overlap: by errors that stay where a classifier is surest.

Where classes overlap, errors are near the boundary, and among the rows that a classifier is surest of there are hardly
any. A label that was written down wrongly may stand anywhere: the share of errors among the surest rows is then the
share of wrong labels (the idea of Northcutt, Jiang & Chuang 2021, "Confident learning", with the surest rows of each
class in the place of its thresholds).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_SUSPECTS = 100
"""Rows that are shown."""
ENOUGH = 10
"""Rows that the surer half of a class has to have to count."""

PARTS, LIKE = 20, 25
"""Parts of like predictions, and the rows that each has to have: where fewer are, parts are fewer."""


class Wrongness(NamedTuple):
    """What the surest rows of a classifier say of the labels."""

    rate: float
    """Share of errors in the surer half of the rows of each class."""
    depth: float
    """Where errors stand there on average, from 0 the surest to 1: half where they may stand anywhere, nearer to 1
    where classes overlap; 1 without any."""
    overall: float
    """In all of them."""
    rows: int
    """How many are in the surer halves."""
    errors: int
    """How many errors are."""
    classes: int
    """In how many classes, of those with rows enough, there are any to speak of."""


def wrongness(share_nk: NDArray[np.float64], label_n: NDArray[np.int64]) -> Wrongness:
    """How often labels are wrong where a classifier is sure.

    Args:
        share_nk: (n, k) its probabilities of each class, by trainings that did not see the row.
        label_n: (n,) the labels, from 0.
    """
    said, sure = share_nk.argmax(1), share_nk.max(1)
    wrong = said != label_n
    half, depths, classes = [], [], 0
    for each in np.unique(said):
        rows = np.flatnonzero(said == each)
        order = rows[np.argsort(-sure[rows], kind="stable")]
        half.append(order[: -(-len(order) // 2)])
        depths.append((np.flatnonzero(wrong[half[-1]]) + 0.5) / len(half[-1]))
        classes += len(half[-1]) >= ENOUGH and int(wrong[half[-1]].sum()) >= max(2, 0.02 * len(half[-1]))
    surer, depth = np.concatenate(half), np.concatenate(depths)
    return Wrongness(
        float(wrong[surer].mean()), float(depth.mean()) if len(depth) else 1.0, float(wrong.mean()), len(surer),
        len(depth), classes,
    )  # fmt: skip


def suspects(share_nk: NDArray[np.float64], label_n: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows whose label a classifier contradicts, those first of which it is surest; at most a hundred."""
    row = np.arange(len(label_n))
    against = share_nk.max(1) - share_nk[row, label_n]
    order = np.argsort(-against, kind="stable")
    found: NDArray[np.int64] = order[against[order] > 0.5][:MOST_SUSPECTS]
    return found


def outliers(residual_n: NDArray[np.float64], predicted_n: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,) which residuals of a regression are more than four robust deviations from the middle of all.

    The deviation is 1.4826 times the median distance from the median; of normal ones 1 in 16,000 is that far. Where
    what is large is also less sure, as prices are, residuals spread more: a row whose prediction is among such is
    measured by the deviation of these, if it is the larger.

    Args:
        residual_n: (n,) of each row, by a training that did not see it.
        predicted_n: (n,) the predictions, by which rows are alike.
    """
    off = np.abs(residual_n - np.median(residual_n))
    spread = np.full(len(off), np.median(off))
    parts = max(1, min(PARTS, len(off) // LIKE))
    for part in np.array_split(np.argsort(predicted_n, kind="stable"), parts):
        spread[part] = np.maximum(spread[part], np.median(off[part]))
    far: NDArray[np.bool_] = off > 4 * 1.4826 * np.maximum(spread, 1e-300)
    return far
