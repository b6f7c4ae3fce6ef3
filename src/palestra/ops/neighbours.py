"""The nearest of what is known: which class they say that something is of (Cover & Hart 1967)."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from palestra.errors import require
from palestra.ops.shapes import check_rank

TOGETHER = 512
"""Rows whose distances to all that is known are in memory at once."""


def nearest_classes(sample_BF: Tensor, known_LF: Tensor, label_L: Tensor, count: int) -> Tensor:
    """(B,) int64: the class that most of the nearest ``count`` have; of several, the first.

    Distances are Euclidean and exact, in float64: every row meets everything that is known.

    Args:
        sample_BF: rows in question.
        known_LF: rows whose classes are known.
        label_L: these classes, from 0.
        count: how many neighbours have a vote.
    """
    check_rank(2, sample_BF=sample_BF, known_LF=known_LF)
    check_rank(1, label_L=label_L)
    require(1 <= count <= len(known_LF), f"{count} neighbours of {len(known_LF)}", f"1 to {len(known_LF)}")
    # |a - b|^2 = |a|^2 - 2 a b + |b|^2, of which |a|^2 is the same for all; near the mean less of it cancels.
    middle_F = known_LF.double().mean(0)
    known_LF = known_LF.double() - middle_F
    square_L, classes = known_LF.square().sum(1), int(label_L.max()) + 1
    found = []
    for part_BF in sample_BF.split(TOGETHER):
        far_BL = square_L - 2 * (part_BF.double() - middle_F) @ known_LF.T
        near_BK = far_BL.topk(count, 1, largest=False).indices
        found.append(one_hot(label_L[near_BK], classes).sum(1).argmax(1))
    return torch.cat(found)
