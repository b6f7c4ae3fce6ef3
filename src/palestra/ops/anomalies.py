"""Anomalies are rare and of low density: where to draw the line, and how good it is.

Of the rows named anomalous a share is (precision), and of those that are a share is named (recall); F1 is the harmonic
mean of both, 2 TP / (2 TP + FP + FN) (van Rijsbergen 1979, chapter 7).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.errors import require
from palestra.ops.scores import Score
from palestra.ops.shapes import check_rank, check_same_shape


class Sweep(NamedTuple):
    """What every threshold would come to that parts some rows otherwise than the one before it."""

    threshold_L: Tensor
    """Ascending; rows below it are named."""
    named_L: Tensor
    """How many."""
    found_L: Tensor
    """How many of these are anomalies."""
    anomalies: int
    """How many there are."""

    @property
    def precision_L(self) -> Tensor:
        """Share of those named that are."""
        return self.found_L / self.named_L

    @property
    def recall_L(self) -> Tensor:
        """Share of those that are which is named."""
        return self.found_L / self.anomalies

    @property
    def f1_L(self) -> Tensor:
        """2 TP / (2 TP + FP + FN)."""
        return 2 * self.found_L / (self.named_L + self.anomalies)

    @property
    def best(self) -> int:
        """The place of the largest F1; of several, the one that names the fewest."""
        return int(self.f1_L.argmax())


def sweep(density_B: Tensor, anomalous_B: Tensor) -> Sweep:
    """All thresholds on densities, or on whatever is low where rows are rare.

    Args:
        density_B: of each row.
        anomalous_B: whether it is an anomaly; some are, and some are not.
    """
    check_rank(1, density_B=density_B)
    check_same_shape(density_B=density_B, anomalous_B=anomalous_B)
    anomalies, rows = int(anomalous_B.sum()), len(density_B)
    given = f"rows of 1 class to choose by, {anomalies} anomalies of {rows}"
    require(0 < anomalies < rows, given, "rows of either class")
    sorted_B, order_B = density_B.double().sort()
    next_B = torch.cat((sorted_B[1:], sorted_B[-1:] + 1))
    middle_B = (sorted_B + next_B) / 2
    apart_B = sorted_B < next_B
    # Between two numbers that are neighbours there is no third, and the middle is one of them.
    threshold_L = torch.where(middle_B > sorted_B, middle_B, next_B)[apart_B]
    found_B = anomalous_B[order_B].double().cumsum(0)
    named_B = torch.arange(1, rows + 1, dtype=torch.float64, device=found_B.device)
    return Sweep(threshold_L, named_B[apart_B], found_B[apart_B], anomalies)


def _outcome(outputs_BK: Tensor, targets_B: Tensor) -> Tensor:
    """0 and 3 where no and yes are right, 1 for a false alarm, 2 for what was missed."""
    return (outputs_BK.argmax(-1) + 2 * targets_B).double()


def _f1(outcome_B: Tensor) -> Tensor:
    hits, alarms, missed = (_count(outcome_B, which) for which in (3, 1, 2))
    return 2 * hits / (2 * hits + alarms + missed).clamp(min=1)


def _precision(outcome_B: Tensor) -> Tensor:
    hits, alarms = _count(outcome_B, 3), _count(outcome_B, 1)
    return hits / (hits + alarms).clamp(min=1)


def _recall(outcome_B: Tensor) -> Tensor:
    hits, missed = _count(outcome_B, 3), _count(outcome_B, 2)
    return hits / (hits + missed).clamp(min=1)


def _count(outcome_B: Tensor, which: int) -> Tensor:
    return (outcome_B == which).double().sum()


F1 = Score("eval/f1", "up", _outcome, _f1)
"""Of class 1 of two; 0 where nothing is found."""
PRECISION = Score("eval/precision", "up", _outcome, _precision)
"""Share of the rows said to be of class 1 that are; 0 where none is said to be."""
RECALL = Score("eval/recall", "up", _outcome, _recall)
"""Share of the rows of class 1 that are said to be; 0 where there are none."""
