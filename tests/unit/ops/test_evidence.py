"""Intervals against published numbers, averages and shares by hand, coverage and error rates by simulation."""

import math
from itertools import product
from math import comb

import numpy as np
import pytest

from palestra.ops.evidence import (
    bootstrap_interval,
    fold_interval,
    iqm,
    optimality_gap,
    performance_profile,
    probability_of_improvement,
    wilson_interval,
)


# Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score without continuity correction).
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(successes: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson_interval(n - successes, n)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_wilson_solves_its_equation() -> None:
    # Its ends are the shares p0 with |p - p0| = z sqrt(p0 (1 - p0) / n), here at 90% with z = 1.6449.
    for successes, n in ((3, 10), (9, 10), (40, 100)):
        for end in wilson_interval(successes, n, level=0.9):
            assert abs(successes / n - end) == pytest.approx(1.644854 * math.sqrt(end * (1 - end) / n), rel=1e-5)


@pytest.mark.parametrize("n", [5, 10, 30])
def test_wilson_covers_about_19_times_in_20(n: int) -> None:
    """Exactly, over all outcomes, on average over shares from 5% to 95%: Newcombe 1998 has 0.952 for method 3."""
    coverages = []
    for share in np.linspace(0.05, 0.95, 181):
        chances = [comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
        covered = [low <= share <= high for low, high in (wilson_interval(k, n) for k in range(n + 1))]
        coverages.append(np.dot(chances, covered))
    assert abs(np.mean(coverages) - 0.95) < 0.012
    assert min(coverages) > 0.82  # a discrete distribution cannot do better everywhere


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_of_what_cannot_be(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="successes from 0 to n"):
        wilson_interval(successes, n)


def test_iqm_by_hand() -> None:
    # Twelve values (Wikipedia, "Interquartile mean"): three go at either end, (5 + 6 + 6 + 7 + 7 + 8) / 6 = 6.5.
    assert iqm([5, 8, 4, 38, 8, 6, 9, 7, 7, 3, 1, 6]) == 6.5
    # Ten seeds: two go at either end, as in scipy.stats.trim_mean(x, 0.25), and an outlier costs nothing.
    assert iqm([0, 1, 2, 3, 4, 5, 6, 7, 8, 1e9]) == pytest.approx((2 + 3 + 4 + 5 + 6 + 7) / 6)
    assert iqm([1.0, 2.0, 6.0]) == 3.0  # too few to leave any out
    np.testing.assert_array_equal(iqm([[4, 1, 2, 3], [7, 7, 7, 0]]), [2.5, 7.0])  # one for each row


@pytest.mark.parametrize("values", [[], [[], []], 3.0])
def test_a_sample_has_values(values: object) -> None:
    with pytest.raises(ValueError, match="at least one value"):
        iqm(values)  # type: ignore[arg-type]


def test_nan_is_refused() -> None:
    # Sorted to the end, it would be left out as if it were the best.
    with pytest.raises(ValueError, match="minus infinity"):
        iqm([1.0, math.nan, 2.0, 3.0])


def test_improvement_of_the_tortoise_and_the_hare() -> None:
    # Wikipedia, "Mann-Whitney U test": finishing order T H H H H H T T T T T H, so that tortoises beat 11 of 36 pairs
    # (6 + 1 + 1 + 1 + 1 + 1) and hares 25. The first to arrive has the most points.
    order = "THHHHHTTTTTH"
    points = {animal: [12 - i for i, each in enumerate(order) if each == animal] for animal in "TH"}
    assert probability_of_improvement(points["T"], points["H"]) == 11 / 36
    assert probability_of_improvement(points["H"], points["T"]) == 25 / 36


def test_improvement_counts_ties_half() -> None:
    # 1 against (1, 0): a tie and a win; 2 against (1, 0): two wins. (0.5 + 1 + 1 + 1) / 4.
    assert probability_of_improvement([1, 2], [1, 0]) == 3.5 / 4
    assert probability_of_improvement([5, 5, 5], [5, 5]) == 0.5
    np.testing.assert_array_equal(probability_of_improvement([[1, 1], [0, 0]], [[0], [0]]), [1.0, 0.5])


def test_profile_and_gap_by_hand() -> None:
    sample = [1.0, 2.0, 2.0, 4.0]
    np.testing.assert_array_equal(performance_profile(sample, [0, 1, 2, 3, 4, 5]), [1, 1, 0.75, 0.25, 0.25, 0])
    assert optimality_gap(sample, 3.0) == (2 + 1 + 1 + 0) / 4
    # The area under the profile up to a threshold is the gap's complement (Agarwal et al. 2021).
    fine = np.linspace(0, 3, 30_001)
    assert np.trapezoid(performance_profile(sample, fine), fine) == pytest.approx(3 - 1.0, abs=1e-3)


def test_the_bootstrap_of_three_values_is_the_whole_bootstrap() -> None:
    """27 resamples of three values can be counted by hand; so many drawn come to the same quantiles."""
    values = np.array([0.0, 1.0, 5.0])
    means = np.sort([np.mean(each) for each in product(values, repeat=3)])
    low, high = bootstrap_interval(lambda x: x.mean(-1), values, level=0.8, resamples=50_000)
    # 10% of 27 is 2.7: the third smallest (1/3), and the third largest (11/3, three times 5, 5, 1).
    assert means[2] == low == pytest.approx(1 / 3)
    assert means[-3] == high == pytest.approx(11 / 3)


def test_the_bootstrap_keeps_to_its_strata() -> None:
    # Two tasks, each always scored alike: resampled within, nothing varies; pooled, the mean would.
    low, high = bootstrap_interval(lambda a, b: (a.mean(-1) + b.mean(-1)) / 2, [0.0] * 5, [100.0] * 5)
    assert (low, high) == (50, 50)
    low, high = bootstrap_interval(lambda x: x.mean(-1), [0.0] * 5 + [100.0] * 5)
    assert low < 30
    assert high > 70


def test_the_bootstrap_is_decided_by_its_seed() -> None:
    values = np.random.default_rng(0).normal(size=10)
    assert bootstrap_interval(iqm, values, seed=1) == bootstrap_interval(iqm, values, seed=1)
    assert bootstrap_interval(iqm, values, seed=1, resamples=50) != bootstrap_interval(
        iqm, values, seed=2, resamples=50
    )
    both = bootstrap_interval(iqm, np.stack([values, values + 1]), seed=1)  # one interval for each row
    np.testing.assert_allclose(both[0], [both[0][0], both[0][0] + 1])


def test_disasters_do_not_make_it_undefined() -> None:
    low, high = bootstrap_interval(iqm, [-math.inf] * 3 + [1.0] * 7)
    assert (low, high) == (-math.inf, 1.0)


def coverage(n: int, trials: int, seed: int = 0) -> float:
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(trials, n))
    intervals = (bootstrap_interval(iqm, sample, seed=i, resamples=1_000) for i, sample in enumerate(samples))
    return sum(bool(low <= 0 <= high) for low, high in intervals) / trials


def test_the_iqms_interval_covers_less_than_it_says_with_few_seeds() -> None:
    """Honesty, not hope: what docs/statistics.md says of it. Standard error of each: under 0.01 with 1,000 trials."""
    assert 0.86 < coverage(5, 1_000) < 0.94
    assert 0.90 < coverage(10, 1_000) < 0.97
    assert 0.91 < coverage(40, 1_000) < 0.98


def test_no_winner_between_equals() -> None:
    """Both intervals of two samples of one distribution leave out a draw about as seldom as they should."""
    rng = np.random.default_rng(0)
    named = 0
    for i in range(400):
        x, y = rng.normal(size=(2, 10))
        share = bootstrap_interval(probability_of_improvement, x, y, seed=i, resamples=1_000)
        gap = bootstrap_interval(lambda a, b: iqm(a) - iqm(b), x, y, seed=i, resamples=1_000)
        named += bool((share[0] > 0.5 and gap[0] > 0) or (share[1] < 0.5 and gap[1] < 0))
    assert named / 400 < 0.08


def test_the_interval_of_a_cross_validation() -> None:
    loss = np.array([0.0, 1.0, 0.0, 1.0])
    mean, low, high = fold_interval(loss, 5)
    # Var = sum of squares 1 / 4 / 3 = 1/12, times 1 + 5/4: sqrt(2.25 / 12) = 0.4330, times 1.959964
    assert mean == 0.5
    assert high - mean == pytest.approx(0.848689, abs=1e-5)
    assert mean - low == pytest.approx(high - mean)
    # two clusters of equal losses: sums -1 and 1, (1 + 1) / 16 * 2 = 1/4, times 2.25
    assert fold_interval([0.0, 0.0, 1.0, 1.0], 5, [0, 0, 7, 7])[2] - 0.5 == pytest.approx(0.75 * 1.959964, abs=1e-5)
    assert fold_interval([0.0, 1.0], 5, [3, 3])[1:] == (-math.inf, math.inf)
    with pytest.raises(ValueError, match="1 folds"):
        fold_interval(loss, 1)
