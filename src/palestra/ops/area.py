"""Smaller pictures by area: a new pixel is the mean of the ground that it covers, as in OpenCV's ``INTER_AREA``.

PyTorch's ``interpolate(mode="area")`` is another thing: it takes whole pixels, so that neighbours share some of them
where the sizes do not divide.
"""

from functools import cache
from math import gcd

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank


@cache
def _shares(size: int, target: int) -> tuple[int, Tensor]:
    """How pixels in a row become fewer: groups that are treated alike, and of one of them who has what of whom.

    The second is (new pixels, old pixels) of a group, in units in which a new pixel is as long as there are old ones in
    the group: whole numbers.
    """
    groups = gcd(size, target)
    old, new = size // groups, target // groups
    begins = torch.arange(new)[:, None] * old
    first = torch.arange(old) * new
    overlap = torch.minimum(begins + old, first + new) - torch.maximum(begins, first)
    with torch.inference_mode(False):
        return groups, overlap.clamp(min=0)


def area_resize(image_BHW: Tensor, height: int, width: int) -> Tensor:
    """Pictures (B, H, W) uint8 as (B, height, width) uint8, neither larger than it was; a half is rounded up.

    Every sum is a whole number, of rows in as few bytes as hold it, then in float32 below 2^24: nothing is rounded
    before the end.
    """
    check_rank(3, image=image_BHW)
    batch, rows, columns = image_BHW.shape
    if height > rows or width > columns:
        raise ValueError(f"pictures of {rows} x {columns} as {height} x {width}; expected no more of either")
    groups, share = _shares(rows, height)
    given = image_BHW.to(torch.int16 if 255 * share.shape[1] < 2**15 else torch.int32).view(batch, groups, -1, columns)
    lower = given.new_zeros(batch, groups, len(share), columns)
    for new, old in share.nonzero().tolist():  # few: each row is made of its neighbours
        lower[:, :, new].add_(given[:, :, old], alpha=int(share[new, old]))
    groups, across = _shares(columns, width)
    narrow = lower.view(-1, columns // groups).float() @ across.T.float()
    ground = share.shape[1] * across.shape[1]
    return narrow.add_(ground / 2).div_(ground).to(torch.uint8).view(batch, height, width)
