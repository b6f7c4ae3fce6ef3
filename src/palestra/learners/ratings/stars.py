"""What ratings say of themselves before anything is learned: how many rate and are rated, and the scale of stars."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray

from palestra.datasets.dataset import Split
from palestra.errors import UsageError


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


def check_pairs(pairs: NDArray[Any], users: int, films: int) -> None:
    """UsageError, with the row, for a pair (N, 2) of a user or a film that nobody has heard of.

    A negative number would else be counted from the end, as the last user or film.
    """
    for column, (what, count) in enumerate((("user", users), ("film", films))):
        unknown = (pairs[:, column] < 0) | (pairs[:, column] >= count)
        if unknown.any():
            row = int(unknown.argmax())
            raise UsageError(
                f"row {row}: {what} {pairs[row, column]}; expected one from 0 to {count - 1}, as in training"
            )
