"""Lloyd's algorithm (Lloyd 1982), the starts that k-means++ gives it (Arthur & Vassilvitskii 2007), and its inertia.

Every row belongs to the nearest of some centres, and every centre is the mean of its rows: one pass makes each true in
turn. All of it is in float64, and rows are looked at some thousands at a time.
"""

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from palestra.errors import require
from palestra.ops.scores import Score
from palestra.ops.shapes import check_rank

TOGETHER = 4_096
"""Rows whose distances to all centres are in memory at once."""


class Whole(NamedTuple):
    """All rows as one group, which every pass over them begins with."""

    mean_F: Tensor
    """Where its centre would be."""
    inertia: Tensor
    """Sum of the squared distances from it."""


class Pass(NamedTuple):
    """What one pass makes of centres."""

    group_B: Tensor
    """int64: the nearest of the centres as they were."""
    inertia: Tensor
    """Sum of the squared distances to these."""
    centre_GF: Tensor
    """Where they are now."""


def squared_distances(sample_BF: Tensor, centre_GF: Tensor) -> Tensor:
    """(B, G) of every row from every centre, without the cancellation of |x|^2 - 2 x c + |c|^2."""
    check_rank(2, sample_BF=sample_BF, centre_GF=centre_GF)
    return torch.cdist(sample_BF, centre_GF, compute_mode="donot_use_mm_for_euclid_dist").square()


def nearest_centre(sample_BF: Tensor, centre_GF: Tensor) -> Tensor:
    """(B,) int64: which of the centres is the nearest; of several, the first."""
    check_rank(2, sample_BF=sample_BF, centre_GF=centre_GF)
    # |x - c|^2 less |x|^2, which is the same for all centres; near their middle less of it cancels.
    middle_F = centre_GF.mean(0)
    near_GF = centre_GF - middle_F
    half_G = near_GF.square().sum(1) / 2
    parts = [(half_G - (part_BF - middle_F) @ near_GF.T).argmin(1) for part_BF in sample_BF.split(TOGETHER)]
    return torch.cat(parts)


def inertia_of(sample_BF: Tensor, centre_GF: Tensor, group_B: Tensor) -> Tensor:
    """Sum of the squared distances of rows from the centres of their groups."""
    return _distances(sample_BF, centre_GF, group_B).sum()


def as_one_group(sample_BF: Tensor) -> Whole:
    """Rows around their mean."""
    check_rank(2, sample_BF=sample_BF)
    mean_F = sample_BF.mean(0)
    off = ((part_BF - mean_F).flatten() for part_BF in sample_BF.split(TOGETHER))
    return Whole(mean_F, torch.stack([each.dot(each) for each in off]).sum())


def lloyd_pass(sample_BF: Tensor, centre_GF: Tensor, whole: Whole | None = None) -> Pass:
    """Rows to the nearest centre, centres to the mean of their rows.

    A centre that has no rows goes to the row that is farthest from its own, which is then no longer counted for that
    one; where all rows are on centres, it goes to the largest group's.

    Args:
        sample_BF: the rows.
        centre_GF: where the centres are.
        whole: the rows as one group, where that is known.
    """
    groups = len(centre_GF)
    require(groups <= len(sample_BF), f"{groups} centres of {len(sample_BF)} rows", "no more centres than rows")
    mean_F, inertia = whole or as_one_group(sample_BF)
    near_GF = centre_GF - mean_F
    # |x - c|^2 = |x - m|^2 + 2 (|c - m|^2 / 2 + m (c - m) - x (c - m)), of which the first is the same for all centres.
    half_G1 = (near_GF.square().sum(1) / 2 + near_GF @ mean_F)[:, None]
    sum_GF, order_G, groups_of = torch.zeros_like(centre_GF), torch.arange(groups).to(sample_BF), []
    for part_BF in sample_BF.split(TOGETHER):
        half_GB = torch.addmm(half_G1, near_GF, part_BF.T, alpha=-1)
        least_B = half_GB.amin(0)
        own_GB = half_GB.eq_(least_B)  # 1 for the nearest, 0 for the others: a product is quicker than argmin
        if own_GB.sum() != len(part_BF):  # some row has two that are as near: it belongs to the first
            own_GB = own_GB * (own_GB.cumsum(0) == 1)
        part_B = (order_G @ own_GB).long()
        inertia = inertia + 2 * least_B.sum()
        sum_GF.index_add_(0, part_B, part_BF)  # of rows as they are: where no row moves, no centre does
        groups_of.append(part_B)
    group_B = torch.cat(groups_of)
    count_G = group_B.bincount(minlength=groups).to(sample_BF.dtype)
    empty_L = (count_G == 0).nonzero()[:, 0]
    if len(empty_L) and (distance_B := _distances(sample_BF, centre_GF, group_B)).max() > 0:
        far_L = distance_B.topk(len(empty_L)).indices
        for group, row in zip(empty_L.tolist(), far_L.tolist()):
            sum_GF[group_B[row]] -= sample_BF[row]
            count_G[group_B[row]] -= 1
            sum_GF[group], count_G[group] = sample_BF[row], 1
    mean_GF = sum_GF / count_G.clamp(min=1)[:, None]
    moved_GF = torch.where(count_G[:, None] > 0, mean_GF, mean_GF[count_G.argmax()])
    return Pass(group_B, inertia.clamp(min=0), moved_GF)


def settled(sample_BF: Tensor, centre_GF: Tensor, limit: float = 0.0, passes: int = 300) -> Tensor:
    """(G, F): centres after passes until they move by no more than ``limit``, the sum of the squares of all moves."""
    whole = as_one_group(sample_BF)
    for _ in range(passes):
        before_GF, centre_GF = centre_GF, lloyd_pass(sample_BF, centre_GF, whole).centre_GF
        if (centre_GF - before_GF).square().sum() <= limit:
            break
    return centre_GF


def random_start(sample_BF: Tensor, groups: int, generator: Generator) -> Tensor:
    """(G, F): different rows, each as likely as any other."""
    check_rank(2, sample_BF=sample_BF)
    rows = torch.randperm(len(sample_BF), generator=generator)[:groups]
    return sample_BF[rows.to(sample_BF.device)].clone()


def spread_start(sample_BF: Tensor, groups: int, generator: Generator) -> Tensor:
    """(G, F): rows that are far apart, as k-means++ draws them.

    The first is any row; each further one is drawn with a probability that grows as the squared distance from the
    nearest of those before it. Of some such candidates the one is taken that leaves the least inertia, as
    scikit-learn does (Arthur & Vassilvitskii 2007, section 2.2 and their last paragraph).
    """
    check_rank(2, sample_BF=sample_BF)
    candidates = 2 + int(math.log(groups))
    chosen = [int(torch.randint(len(sample_BF), (), generator=generator))]
    near_B = _all_distances(sample_BF, chosen)[:, 0]
    for _ in range(1, groups):
        reach_B = near_B.cumsum(0)
        drawn_L = torch.rand(candidates, dtype=torch.float64, generator=generator).to(reach_B) * reach_B[-1]
        row_L = torch.searchsorted(reach_B, drawn_L).clamp(max=len(sample_BF) - 1)
        left_BL = torch.minimum(near_B[:, None], _all_distances(sample_BF, row_L.tolist()))
        best = int(left_BL.sum(0).argmin())
        chosen.append(int(row_L[best]))
        near_B = left_BL[:, best]
    return sample_BF[chosen].clone()


def _all_distances(sample_BF: Tensor, rows: list[int]) -> Tensor:
    """(B, L) squared, of every row from some of them."""
    parts = [squared_distances(part_BF, sample_BF[rows]) for part_BF in sample_BF.split(TOGETHER)]
    return torch.cat(parts)


def _distances(sample_BF: Tensor, centre_GF: Tensor, group_B: Tensor) -> Tensor:
    """(B,) squared, of every row from the centre of its group."""
    pairs = zip(sample_BF.split(TOGETHER), group_B.split(TOGETHER))
    return torch.cat([(part_BF - centre_GF[part_B]).square().sum(1) for part_BF, part_B in pairs])


def _least(distance_BG: Tensor, _: Tensor) -> Tensor:
    return distance_BG.amin(1).double()


INERTIA = Score("eval/inertia", "down", _least, torch.sum)
"""Sum over rows of the squared distance from the nearest centre."""
