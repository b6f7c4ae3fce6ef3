"""Schedules: how a setting moves with training."""

import math


def linear(start: float, end: float, progress: float) -> float:
    """From ``start`` at progress 0 to ``end`` at progress 1, constant beyond."""
    return start + (end - start) * min(max(progress, 0.0), 1.0)


def cosine(progress: float) -> float:
    """A share that falls from 1 to 0 as half a wave, slowly at both ends (Loshchilov & Hutter 2017, eq. 5)."""
    return 0.5 * (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0)))


def one_cycle(progress: float, warmup: float = 0.25, start: float = 0.1) -> float:
    """A share that rises from ``start`` to 1, then falls to 0, along straight lines (Smith & Topin 2018).

    Args:
        progress: from 0 to 1, constant beyond.
        warmup: the progress at which it is 1.
        start: at progress 0.
    """
    if progress < warmup:
        return linear(start, 1.0, progress / warmup)
    return linear(1.0, 0.0, (progress - warmup) / (1 - warmup))
