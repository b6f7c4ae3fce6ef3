"""The order of a data set: which rows a batch holds, as a pure function of seed and position.

Nothing is shuffled and kept. Row ``i`` of epoch ``e`` is where a permutation that is drawn from (seed, e) sends ``i``,
so a loader's whole state is one integer, the number of samples seen, and any number of workers gives the same batches.
"""

import hashlib
from functools import lru_cache

import torch
from torch import Tensor

from palestra.errors import require


@lru_cache(maxsize=4)
def permutation(seed: int, epoch: int, size: int) -> Tensor:
    """(size,) int64: the rows in the order of an epoch. Shared between calls; not to be written."""
    digest = hashlib.sha256(f"{seed}:order:{epoch}:{size}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
    return torch.randperm(size, generator=generator)


def rows(seed: int, position: int, count: int, size: int) -> Tensor:
    """(n,) int64, n <= count: the rows of the batch that begins after ``position`` samples.

    It ends with its epoch, so that every epoch holds each row once; the last batch of one may be shorter.

    Args:
        seed: of the order.
        position: samples before it, over all epochs.
        count: rows wanted, at least 1.
        size: rows of the data set, at least 1.
    """
    require(count >= 1 and size >= 1, f"count={count} of {size} rows", "at least 1 of at least 1")
    epoch, start = divmod(position, size)
    return permutation(seed, epoch, size)[start : start + count]
