"""Rings: tensors of fixed length in which new rows take the place of the oldest."""

from collections.abc import Iterable

from torch import Tensor


def write_ring(kept: Iterable[Tensor], new: Iterable[Tensor], head: int) -> None:
    """Write rows (T, ...) into rings (N, ...), T at most N, from row ``head`` on and over the end to the beginning."""
    for ring, rows in zip(kept, new):
        steps, left = rows.shape[0], ring.shape[0] - head
        if steps <= left:
            ring.narrow(0, head, steps).copy_(rows)
        else:
            ring[head:] = rows[:left]
            ring[: steps - left] = rows[left:]
