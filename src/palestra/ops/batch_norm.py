"""Batch normalisation (Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167), from scratch.

    mu = mean of x over the batch,  sigma^2 = mean of (x - mu)^2    (algorithm 1)
    y = gamma (x - mu) / sqrt(sigma^2 + eps) + beta

A channel of images has its statistics over the batch and all of its pixels. Outside of training, mu and sigma^2 are
those of the training, kept as running means; what is kept of the variance is the unbiased one, m / (m - 1) sigma^2,
where m numbers went into it (algorithm 2, line 10).
"""

import torch
from torch import Tensor


def channel_moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """(C,) mean and biased variance of every channel of (B, C) or (B, C, H, W). ValueError for one number a channel."""
    _check(x)
    over = (0, 2, 3) if x.dim() == 4 else (0,)
    if x.numel() == x.shape[1]:
        raise ValueError(f"x has shape {tuple(x.shape)}; expected more than one number a channel: one has no variance")
    mean_C = x.mean(over)
    return mean_C, (x - _spread(mean_C, x)).square().mean(over)


def channel_sums(x: Tensor, around_C: Tensor | None = None) -> Tensor:
    """(C,) sum of every channel of (B, C) or (B, C, H, W); or of its squared distances from numbers (C,)."""
    _check(x)
    over = (0, 2, 3) if x.dim() == 4 else (0,)
    return x.sum(over) if around_C is None else (x - _spread(around_C, x)).square().sum(over)


def unbiased(variance_C: Tensor, x: Tensor) -> Tensor:
    """(C,) the variance of the distribution that the numbers of ``x`` are a sample of: m / (m - 1) times theirs."""
    count = x.numel() // x.shape[1]
    return variance_C * (count / (count - 1))


def normalised(
    x: Tensor, mean_C: Tensor, variance_C: Tensor, scale_C: Tensor, shift_C: Tensor, eps: float = 1e-5
) -> Tensor:
    """Channel by channel of (B, C) or (B, C, H, W), gamma (x - mu) / sqrt(sigma^2 + eps) + beta (algorithm 1)."""
    _check(x)
    standard = (x - _spread(mean_C, x)) / torch.sqrt(_spread(variance_C, x) + eps)
    return _spread(scale_C, x) * standard + _spread(shift_C, x)


def _spread(channel_C: Tensor, x: Tensor) -> Tensor:
    """(C,) so that it meets the channels of ``x`` and nothing else."""
    return channel_C[:, None, None] if x.dim() == 4 else channel_C


def _check(x: Tensor) -> None:
    if x.dim() not in (2, 4):
        raise ValueError(f"x has shape {tuple(x.shape)}; expected (B, C) or (B, C, H, W)")
