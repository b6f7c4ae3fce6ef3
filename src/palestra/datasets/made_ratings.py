"""Ratings that were made: a mean, biases and a product of few factors, with noise. The best error is that noise."""

import torch
from torch import Tensor

from palestra.datasets.dataset import Split, Splits, register
from palestra.errors import require

USERS, FILMS, FACTORS = 200, 150, 2
MEAN, NOISE = 3.5, 0.25
"""Stars of the middle, and standard deviation of what no one can foresee."""
FACTOR_STD, BIAS_STD = 0.8, 0.5
"""Standard deviations of factors and of biases."""


def load(rated: float = 0.3, validation: float = 0.1, test: float = 0.2, liked: bool = False, seed: int = 0) -> Splits:
    """Pairs (N, 2) int64 of a user and a film, both from 0, and float32 stars.

    Args:
        rated: share of all pairs that have stars.
        validation: share of those to choose by.
        test: share of those to be judged on.
        liked: whether 1 for more than the mean and 0 for less stand in the place of stars.
        seed: of the noise, and of which pairs are rated. The truth is always the same.
    """
    require(0 < rated <= 1, f"rated={rated}", "a share above 0")
    require(min(validation, test) >= 0 and validation + test < 1, f"{validation} and {test}", "less than all of them")
    p_UD, q_ID, b_U, c_I = _truth()
    truth_UI = MEAN + b_U[:, None] + c_I + p_UD @ q_ID.T
    rng, count = torch.Generator().manual_seed(seed), round(rated * USERS * FILMS)
    chosen = torch.randperm(USERS * FILMS, generator=rng)[:count]
    stars = truth_UI.flatten()[chosen] + NOISE * torch.randn(count, generator=rng)
    targets = (stars > MEAN).long() if liked else stars
    pairs = torch.stack((chosen // FILMS, chosen % FILMS), 1)
    ends = [round(test * count), round((test + validation) * count), count]
    parts = {"test": slice(0, ends[0]), "validation": slice(ends[0], ends[1]), "train": slice(ends[1], ends[2])}
    return {name: Split(pairs[at], targets[at]) for name, at in parts.items() if at.stop > at.start}


def sides() -> tuple[Tensor, Tensor]:
    """(U, 3) and (I, 3) float32: what users and films are made of, in the place of what could be known of them."""
    p_UD, q_ID, b_U, c_I = _truth()
    return torch.cat((p_UD, b_U[:, None]), 1), torch.cat((q_ID, c_I[:, None]), 1)


def _truth() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    p_UD, q_ID = (FACTOR_STD * torch.randn(size, FACTORS, generator=rng) for size in (USERS, FILMS))
    b_U, c_I = (BIAS_STD * torch.randn(size, generator=rng) for size in (USERS, FILMS))
    return p_UD, q_ID, b_U, c_I


register("toy/ratings", load, sides=sides)
