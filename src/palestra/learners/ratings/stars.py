"""What ratings say of themselves before anything is learned: how many rate and are rated, and the scale of stars."""

from collections.abc import Mapping
from typing import NamedTuple

import torch

from palestra.datasets.dataset import Split


class Stars(NamedTuple):
    """Of all splits who there is, of what is learned from the scale."""

    users: int
    """Those who rate, from 0."""
    films: int
    """What is rated, from 0."""
    mean: float
    """Of the stars."""
    lowest: float
    """Of the stars."""
    highest: float
    """Of the stars."""


def stars_of(splits: Mapping[str, Split]) -> Stars:
    """What there is to know of pairs (N, 2) of a user and a film, and of their stars."""
    stars = splits["train"].targets
    assert stars is not None  # ratings have stars
    users, films = (torch.stack([split.inputs.amax(0) for split in splits.values()]).amax(0) + 1).tolist()
    return Stars(users, films, float(stars.double().mean()), float(stars.min()), float(stars.max()))
