"""Silhouettes (Rousseeuw 1987): how much nearer a row is to its own group than to the next one.

a = mean distance to the others of its group
b = the least, over other groups, of the mean distance to their rows
s = (b - a) / max(a, b)
"""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from palestra.errors import require
from palestra.ops.shapes import check_rank

TOGETHER = 512
"""Rows whose distances to all others are in memory at once."""


def silhouettes(sample_BF: Tensor, group_B: Tensor) -> Tensor:
    """(B,) float64 from -1 to 1; 0 for a row that is alone in its group. At least two groups have rows."""
    check_rank(2, sample_BF=sample_BF)
    check_rank(1, group_B=group_B)
    sample_BF = sample_BF.double()
    member_BG = one_hot(group_B).double()
    count_G = member_BG.sum(0)
    present = int((count_G > 0).sum())
    require(present >= 2, f"rows of {present} group", "rows of two groups or more")
    found = []
    for part_BF, own_B in zip(sample_BF.split(TOGETHER), group_B.split(TOGETHER)):
        far_BL = torch.cdist(part_BF, sample_BF, compute_mode="donot_use_mm_for_euclid_dist")
        total_BG = far_BL @ member_BG
        own_B1 = own_B[:, None]
        within_B = total_BG.gather(1, own_B1)[:, 0] / (count_G[own_B] - 1).clamp(min=1)
        mean_BG = torch.where(count_G > 0, total_BG / count_G, torch.inf).scatter(1, own_B1, torch.inf)
        beside_B = mean_BG.amin(1)
        larger_B = torch.maximum(within_B, beside_B)
        told_B = (count_G[own_B] > 1) & (larger_B > 0)
        found.append(torch.where(told_B, (beside_B - within_B) / larger_B, 0.0))
    return torch.cat(found)


def mean_silhouette(sample_BF: Tensor, group_B: Tensor) -> float | None:
    """Of rows in their groups; None where all are in one."""
    if len(group_B.unique()) < 2:
        return None
    return float(silhouettes(sample_BF, group_B).mean())
