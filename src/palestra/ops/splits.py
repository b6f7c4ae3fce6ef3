"""Where a decision tree parts its rows (Breiman, Friedman, Olshen & Stone 1984; Quinlan 1986, by entropy).

    gini          = 1 - sum_k p_k^2
    entropy       = - sum_k p_k log2 p_k
    squared error = mean (y - mean y)^2
    gain          = impurity - (n_left impurity_left + n_right impurity_right) / n

Rows go left whose feature is at most a threshold, half way between two values that rows have. Every feature and every
such threshold is tried; values as close as scikit-learn takes for equal are not parted.
"""

import math
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank

Criterion = Literal["gini", "entropy", "squared-error"]
CLOSE = 1e-7
"""Between values that count as one."""


class Split(NamedTuple):
    """A question, and what it is worth."""

    feature: int
    """Whose value is asked for."""
    threshold: float
    """At most which rows go left."""
    gain: float
    """By how much impurity falls, on average over the rows."""


def impurity(target_BK: Tensor, criterion: Criterion) -> float:
    """Of rows together: (B, K) 1 for the class that each is of, or (B, 1) values."""
    check_rank(2, target_BK=target_BK)
    sums_K = _statistics(target_BK, criterion).sum(0)
    return float(_impurity(sums_K[None], torch.full((1,), float(len(target_BK))).to(sums_K), criterion))


def best_split(sample_BF: Tensor, target_BK: Tensor, criterion: Criterion, least: int = 1) -> Split | None:
    """The question of the largest gain; of several, that of the first feature; None where no two rows can be parted.

    Args:
        sample_BF: float64 rows.
        target_BK: 1 for the class that each is of, or (B, 1) values.
        criterion: how impure rows are.
        least: rows on either side.
    """
    check_rank(2, sample_BF=sample_BF, target_BK=target_BK)
    rows = len(sample_BF)
    if rows < 2 * least:
        return None
    value_BF, order_BF = sample_BF.sort(dim=0, stable=True)
    statistic_BK = _statistics(target_BK, criterion)
    sums_BFK = statistic_BK[order_BF].cumsum(0)
    left_B1 = torch.arange(1, rows, dtype=sample_BF.dtype, device=sample_BF.device)[:, None]
    right_B1 = rows - left_B1
    left_BF = _impurity(sums_BFK[:-1], left_B1, criterion)
    right_BF = _impurity(sums_BFK[-1] - sums_BFK[:-1], right_B1, criterion)
    mean_BF = (left_B1 * left_BF + right_B1 * right_BF) / rows
    apart_BF = (value_BF[1:] > value_BF[:-1] + CLOSE) & (left_B1 >= least) & (right_B1 >= least)
    mean_BF = mean_BF.masked_fill(~apart_BF, torch.inf)
    lowest_F, place_F = mean_BF.min(0)
    feature = int(lowest_F.argmin())
    if not lowest_F[feature].isfinite():
        return None
    place = int(place_F[feature])
    below, above = value_BF[place, feature], value_BF[place + 1, feature]
    middle = float(below / 2 + above / 2)
    return Split(
        feature,
        middle if middle < float(above) else float(below),
        impurity(target_BK, criterion) - float(lowest_F[feature]),
    )


def _statistics(target_BK: Tensor, criterion: Criterion) -> Tensor:
    """(B, K) what has to be summed over rows to know how impure they are; of values, around their mean."""
    if criterion != "squared-error":
        return target_BK
    away_B1 = target_BK - target_BK.mean(0)
    return torch.cat((away_B1, away_B1.square()), 1)


def _impurity(sums: Tensor, count: Tensor, criterion: Criterion) -> Tensor:
    """(...) of rows whose statistics sum to (..., K), of which there are ``count`` (...)."""
    mean = sums / count[..., None]
    match criterion:
        case "gini":
            return 1 - mean.square().sum(-1)
        case "entropy":
            return -torch.xlogy(mean, mean).sum(-1) / math.log(2)
        case "squared-error":
            return (mean[..., 1] - mean[..., 0].square()).clamp(min=0)
