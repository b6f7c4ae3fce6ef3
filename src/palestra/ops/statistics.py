"""Statistics of returns: running moments and confidence intervals."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank


class Moments(NamedTuple):
    """Number, mean and sum of squared deviations of samples seen so far, in float64."""

    number: Tensor
    mean: Tensor
    m2: Tensor


def merge_moments(moments: Moments, sample_BF: Tensor) -> Moments:
    """Add a batch of samples (B, *F) to running moments (Chan, Golub & LeVeque 1983, eq. 2.1)."""
    batch = sample_BF.to(moments.mean.dtype)
    n = batch.shape[0]
    batch_mean = batch.mean(0)
    batch_m2 = (batch - batch_mean).square().sum(0)
    delta = batch_mean - moments.mean
    number = moments.number + n
    mean = moments.mean + delta * (n / number)
    m2 = moments.m2 + batch_m2 + delta.square() * (moments.number * n / number)
    return Moments(number, mean, m2)


# Two-sided 97.5% quantiles of Student's t for 1..30 degrees of freedom (NIST/SEMATECH e-Handbook, table 1.3.6.7.2).
_T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


def mean_interval(sample_B: Tensor) -> tuple[float, float, float]:
    """Mean and 95% Student-t confidence interval (low, high); with one sample the interval is the whole line."""
    check_rank(1, sample=sample_B)
    n = sample_B.numel()
    if n == 0:
        raise ValueError("mean_interval of no samples; expected at least one")
    values = sample_B.double()
    mean = float(values.mean())
    if n == 1:
        return mean, -math.inf, math.inf
    half = _t_975(n - 1) * float(values.std()) / math.sqrt(n)
    return mean, mean - half, mean + half


def difference_interval(ours_B: Tensor, theirs_B: Tensor) -> tuple[float, float, float]:
    """Difference of two means and its 95% interval (low, high), by Welch's t for unequal variances (Welch 1947).

    The degrees of freedom (Satterthwaite 1946) are rounded down, so that the interval errs on the wide side; where
    either side has one sample it is the whole line. The sides may differ in length.
    """
    check_rank(1, ours=ours_B, theirs=theirs_B)
    if ours_B.numel() == 0 or theirs_B.numel() == 0:
        raise ValueError("difference_interval of no samples; expected at least one on either side")
    difference = float(ours_B.double().mean() - theirs_B.double().mean())
    if ours_B.numel() == 1 or theirs_B.numel() == 1:
        return difference, -math.inf, math.inf
    squares = [float(side.double().var()) / side.numel() for side in (ours_B, theirs_B)]
    if sum(squares) == 0.0:
        return difference, difference, difference
    degrees = sum(squares) ** 2 / sum(s**2 / (len(side) - 1) for s, side in zip(squares, (ours_B, theirs_B)))
    half = _t_975(max(1, math.floor(degrees + 1e-9))) * math.sqrt(sum(squares))
    return difference, difference - half, difference + half


def _t_975(degrees: int) -> float:
    """The quantile for so many degrees of freedom; beyond the table by the first term of its expansion."""
    return _T_975[degrees - 1] if degrees <= 30 else 1.96 + 2.4 / degrees


def explained_variance(predicted_B: Tensor, actual_B: Tensor) -> Tensor:
    """1 - Var[actual - predicted] / Var[actual]: 1 is perfect, 0 as good as a constant; NaN if actual is one."""
    check_rank(1, predicted=predicted_B, actual=actual_B)
    variance = torch.var(actual_B)
    return torch.where(variance > 0, 1 - torch.var(actual_B - predicted_B) / variance, torch.nan)
