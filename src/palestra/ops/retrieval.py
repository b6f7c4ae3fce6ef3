"""Finding the best of many, and how many of those that matter were found.

Films stand for whatever is recommended, users for whomever it is recommended to.

    Y  users
    I  films
"""

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK = 1_024
"""Scores whose highest stands for all of them while the best are looked for among very many."""


def candidates(score_YI: Tensor, known_YI: Tensor, count: int) -> Tensor:
    """(Y, L) int64: of each user the films with the highest scores among those not known yet, the highest first.

    Args:
        score_YI: how promising each is.
        known_YI: bool, those that are left out; where fewer than ``count`` remain they come last.
        count: L.
    """
    return top(score_YI.masked_fill(known_YI, -torch.inf), count)


def top(score_YI: Tensor, count: int) -> Tensor:
    """(Y, L) int64: where the highest scores of each row are, the highest first, as ``topk`` finds them.

    Of a million scores the L best lie in the L blocks whose highest are the highest: a pass over the maxima leaves a
    tenth to be sorted.
    """
    users, items = score_YI.shape
    blocks = -(-items // BLOCK)
    if blocks <= 4 * count:
        return score_YI.topk(count, 1).indices
    blocked = F.pad(score_YI, (0, blocks * BLOCK - items), value=-torch.inf).view(users, blocks, BLOCK)
    chosen_YL = blocked.amax(2).topk(count, 1).indices
    few_YL = blocked.gather(1, chosen_YL[..., None].expand(-1, -1, BLOCK)).flatten(1)
    at_YL = few_YL.topk(count, 1).indices
    return chosen_YL.gather(1, at_YL // BLOCK) * BLOCK + at_YL % BLOCK


def recall(found_YL: Tensor, wanted_YI: Tensor) -> Tensor:
    """(Y,) float64 share of what a user wants that was found, of as many as could be; NaN for who wants nothing."""
    hit_Y = wanted_YI.gather(1, found_YL).sum(1).double()
    return hit_Y / wanted_YI.sum(1).clamp(max=found_YL.shape[1])
