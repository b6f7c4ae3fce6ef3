"""Dropout: numbers that are left out by chance while a network learns (Srivastava et al. 2014)."""

import torch
from torch import Generator, Tensor

from palestra.ops.shares import Share


def dropout(x: Tensor, rate: float, generator: Generator, share: Share | None = None) -> Tensor:
    """Each number zero with probability ``rate``, the others 1 / (1 - rate) times as large: the mean stays what it was.

    Args:
        x: anything.
        rate: from 0, nothing, to below 1.
        generator: draws what is left out, on the device of ``x``.
        share: which rows of a batch ``x`` is, if not all. It is drawn for all of them, so that every row loses the same
            however many processes share the batch, and the generator of each stands where the others' do.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate={rate}; expected 0 <= rate < 1")
    if share is None:
        kept = torch.empty_like(x).bernoulli_(1 - rate, generator=generator)
    else:
        row = torch.empty_like(x[:1])  # a number is drawn where it lies in memory
        all_rows = torch.empty_strided(
            (share.whole, *row.shape[1:]), (row.numel(), *row.stride()[1:]), dtype=x.dtype, device=x.device
        )
        kept = all_rows.bernoulli_(1 - rate, generator=generator)[share.start : share.stop]
    return x * kept / (1 - rate)
