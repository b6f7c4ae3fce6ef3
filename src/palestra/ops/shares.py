"""Shares: which rows of a batch are whose, where several processes go through it together."""

from typing import NamedTuple


class Share(NamedTuple):
    """The rows of one process."""

    start: int
    """The first one."""
    stop: int
    """The one after the last."""
    whole: int
    """Rows of the batch."""
    weight: float
    """The part of the batch that they are: what a mean over them counts in the mean over all."""


def share(whole: int, rank: int, size: int) -> Share:
    """The share of one process, whose sizes differ by at most one row.

    Where there are fewer rows than processes, one that has none gets the first, of weight 0: it does what the others
    do, and it counts for nothing.

    Args:
        whole: rows of the batch, at least 1.
        rank: which process, from 0.
        size: how many there are.
    """
    start, stop = whole * rank // size, whole * (rank + 1) // size
    return Share(start, stop, whole, (stop - start) / whole) if start < stop else Share(0, 1, whole, 0.0)
