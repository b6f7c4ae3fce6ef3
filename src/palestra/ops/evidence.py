"""What a handful of trainings is evidence for: robust averages, intervals, comparisons. NumPy, float64.

A sample is (..., n): one value for each training along the last axis, which every statistic here reduces. How the
intervals cover is measured by ``bench/interval_coverage.py``, and docs/statistics.md says what follows from it.
"""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Sample = NDArray[np.float64]


def iqm(sample_n: ArrayLike) -> Sample:
    """Interquartile mean of (..., n): the mean of the middle half; the whole mean for n < 4.

    ``n // 4`` values go at either end, as in ``scipy.stats.trim_mean(x, 0.25)`` and therefore in Agarwal et al. 2021
    ("Deep RL at the edge of the statistical precipice", section 4.3), so that figures can be compared with published
    ones.
    """
    ordered = np.sort(_sample(sample_n), axis=-1)
    n = ordered.shape[-1]
    middle: Sample = ordered[..., n // 4 : n - n // 4].mean(-1)
    return middle


def bootstrap_interval(
    statistic: Callable[..., Any], *strata: ArrayLike, seed: int = 0, level: float = 0.95, resamples: int = 10_000
) -> tuple[Sample, Sample]:
    """Percentile interval (low, high) of a statistic by the stratified bootstrap.

    Every stratum is resampled with replacement within itself, so each keeps its share (Agarwal et al. 2021, section
    4.2; Efron & Tibshirani 1993, chapter 13). Of an IQM it covers less often than it says with few values: 89 to 91% of
    the time with five, 93 to 95% with ten (bench/results/interval_coverage.md).

    Args:
        statistic: of as many arguments as there are strata, each (..., resamples, n_k), to (..., resamples).
        *strata: samples (..., n_k): tasks, or the two sides of a comparison.
        seed: of the resampling; the same seed gives the same interval.
        level: the confidence asked for.
        resamples: how many.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for stratum in map(_sample, strata):
        n = stratum.shape[-1]
        drawn.append(stratum[..., rng.integers(n, size=(resamples, n))])
    tail = (1 - level) / 2
    values = statistic(*drawn)  # outwards to a value that was drawn: nothing is interpolated, infinities neither
    return np.quantile(values, tail, axis=-1, method="lower"), np.quantile(values, 1 - tail, axis=-1, method="higher")


def fold_interval(
    loss_n: ArrayLike, folds: int, cluster_n: ArrayLike | None = None, level: float = 0.95
) -> tuple[float, float, float]:
    """Mean of the losses (n,) that a cross-validation gave, one a row, and its interval (low, high).

    The trainings of the folds share most of their rows, so the mean varies more than n rows by themselves would make
    it. Of a mean over k folds the variance is (1/k + test rows / training rows) s^2 with s^2 that of one fold (Nadeau &
    Bengio 2003, section 3), which with s^2 = k / n Var(loss) is (1 + k / (k - 1)) Var(loss) / n.

    Args:
        loss_n: of each row, by a training that did not see it; or the difference of two such.
        folds: k, 2 or more.
        cluster_n: which rows belong together, if any do; then whole clusters are what varies.
        level: the confidence asked for.
    """
    loss = _sample(loss_n)
    n = len(loss)
    if folds < 2:
        raise ValueError(f"fold_interval of {folds} folds; expected 2 or more")
    off = loss - loss.mean()
    if cluster_n is None:
        number, variance = n, float((off**2).sum()) / n / max(1, n - 1)
    else:
        sums = np.bincount(np.unique(np.asarray(cluster_n), return_inverse=True)[1], off)
        number = len(sums)
        variance = float((sums**2).sum()) / n**2 * number / max(1, number - 1)
    if number == 1:
        return float(loss.mean()), -math.inf, math.inf
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt((1 + folds / (folds - 1)) * variance)
    return float(loss.mean()), float(loss.mean()) - half, float(loss.mean()) + half


def wilson_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a share: the shares from which the observed one is within z standard errors.

    Wilson 1927; method 3 of Newcombe 1998 (Statistics in Medicine 17, 857-872). With p = successes / n:
    ``(2np + z^2 +- z sqrt(z^2 + 4np(1 - p))) / (2(n + z^2))``.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"wilson_interval of {successes} in {n}; expected at least one trial, successes from 0 to n")
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = 2 * successes + z * z
    half = z * math.sqrt(z * z + 4 * successes * (1 - successes / n))
    whole = 2 * (n + z * z)
    return max(0.0, (centre - half) / whole), min(1.0, (centre + half) / whole)


def probability_of_improvement(ours_n: ArrayLike, theirs_m: ArrayLike) -> Sample:
    """How often a training of ours (..., n) beats one of theirs (..., m), ties counting half.

    ``P(X > Y) + P(X = Y) / 2 = U / (n m)``, the Mann-Whitney statistic (Mann & Whitney 1947; Agarwal et al. 2021,
    section 4.3). 0.5 says that neither is better.
    """
    ours, theirs = _sample(ours_n)[..., :, None], _sample(theirs_m)[..., None, :]
    wins = (ours > theirs).mean((-2, -1))
    ties = (ours == theirs).mean((-2, -1))
    share: Sample = wins + 0.5 * ties
    return share


def performance_profile(sample_n: ArrayLike, thresholds_t: ArrayLike) -> Sample:
    """Share (..., t) of the trainings (..., n) that reach each threshold (Dolan & More 2002, for scores)."""
    reached: Sample = (_sample(sample_n)[..., None, :] >= np.asarray(thresholds_t)[:, None]).mean(-1)
    return reached


def optimality_gap(sample_n: ArrayLike, threshold: float) -> Sample:
    """By how much trainings (..., n) stay below a threshold on average; what exceeds it counts for nothing."""
    gap: Sample = np.maximum(threshold - _sample(sample_n), 0.0).mean(-1)
    return gap


def _sample(values: ArrayLike) -> Sample:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim == 0 or sample.shape[-1] == 0:
        raise ValueError(f"a sample of shape {sample.shape}; expected at least one value along the last axis")
    if np.isnan(sample).any():
        raise ValueError("NaN in a sample; expected numbers, minus infinity for a training that came to nothing")
    return sample
