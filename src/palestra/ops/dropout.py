"""Dropout: numbers that are left out by chance while a network learns (Srivastava et al. 2014)."""

import torch
from torch import Generator, Tensor


def dropout(x: Tensor, rate: float, generator: Generator) -> Tensor:
    """Each number zero with probability ``rate``, the others 1 / (1 - rate) times as large: the mean stays what it was.

    Args:
        x: anything.
        rate: from 0, nothing, to below 1.
        generator: draws what is left out, on the device of ``x``.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate={rate}; expected 0 <= rate < 1")
    kept = torch.empty_like(x).bernoulli_(1 - rate, generator=generator)
    return x * kept / (1 - rate)
