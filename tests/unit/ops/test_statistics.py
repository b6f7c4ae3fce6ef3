"""Running moments against NumPy, confidence intervals against tables and by simulation."""

import math

import numpy as np
import pytest
import torch

from palestra.ops.statistics import Moments, difference_interval, explained_variance, mean_interval, merge_moments


def empty(shape: tuple[int, ...]) -> Moments:
    return Moments(*(torch.zeros(s, dtype=torch.float64) for s in ((), shape, shape)))


@pytest.mark.parametrize("shape", [(), (3,), (2, 4)])
def test_merged_moments_are_those_of_the_concatenation(shape: tuple[int, ...]) -> None:
    rng = torch.Generator().manual_seed(0)
    batches = [1e3 + 5 * torch.randn(n, *shape, generator=rng, dtype=torch.float64) for n in (1, 7, 2, 100)]
    moments = empty(shape)
    for batch in batches:
        moments = merge_moments(moments, batch)
    everything = torch.cat(batches).numpy()
    assert float(moments.number) == 110
    np.testing.assert_allclose(moments.mean.numpy(), everything.mean(0), rtol=1e-12)
    np.testing.assert_allclose((moments.m2 / moments.number).numpy(), everything.var(0), rtol=1e-9)


def test_moments_stay_exact_far_from_zero() -> None:
    # Sums of squares would lose all digits of a variance of 1 around 10^7, and so would float32 samples' moments.
    batch = 1e7 + torch.tensor([-1.0, 1.0]).repeat(500)
    moments = empty(())
    for _ in range(10):
        moments = merge_moments(moments, batch)
    assert float(moments.m2 / moments.number) == pytest.approx(1.0, rel=1e-9)


# t quantiles at 97.5%, from printed tables: for n - 1 = 1, 4, 9, 30 and (beyond our table) 60, 120 degrees.
@pytest.mark.parametrize(
    ("n", "quantile"), [(2, 12.706), (5, 2.776), (10, 2.262), (31, 2.042), (61, 2.000), (121, 1.980)]
)
def test_the_interval_is_students(n: int, quantile: float) -> None:
    sample = torch.randn(n, generator=torch.Generator().manual_seed(n))
    mean, low, high = mean_interval(sample)
    values = sample.double().numpy()
    half = quantile * values.std(ddof=1) / math.sqrt(n)
    assert mean == pytest.approx(values.mean())
    assert (mean - low, high - mean) == pytest.approx((half, half), rel=1e-3)


def test_the_interval_by_hand() -> None:
    # 1, 2, 3: standard deviation 1, t(2 degrees) = 4.303.
    mean, low, high = mean_interval(torch.tensor([1.0, 2.0, 3.0]))
    assert (mean, low, high) == pytest.approx((2.0, 2 - 4.303 / math.sqrt(3), 2 + 4.303 / math.sqrt(3)))


@pytest.mark.parametrize("n", [3, 10, 40])
def test_the_interval_covers_the_truth_19_times_in_20(n: int) -> None:
    # 2,000 trials: coverage within four standard errors, 4 sqrt(0.95 0.05 / 2000) = 0.0195.
    trials = torch.randn(2_000, n, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
    covered = sum(low <= 0 <= high for _, low, high in map(mean_interval, trials)) / 2_000
    assert abs(covered - 0.95) < 0.0195


def test_too_few_samples() -> None:
    assert mean_interval(torch.tensor([3.0])) == (3.0, -math.inf, math.inf)
    with pytest.raises(ValueError, match="at least one"):
        mean_interval(torch.tensor([]))
    with pytest.raises(ValueError, match="sample has shape"):
        mean_interval(torch.zeros(3, 1))


def test_explained_variance() -> None:
    actual = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert float(explained_variance(actual + 7, actual)) == 1.0
    assert float(explained_variance(torch.full((4,), 9.0), actual)) == 0.0
    # Residuals 2, 4, 6, 8 have four times the variance of 1, 2, 3, 4.
    assert float(explained_variance(-actual, actual)) == pytest.approx(-3.0)
    assert math.isnan(explained_variance(actual, torch.ones(4)))


def test_the_interval_of_a_difference_is_welchs() -> None:
    ours, theirs = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 20.0, 30.0, 40.0])
    # 1/3 + 500/3/4 = 42; degrees (42)^2 / ((1/3)^2/2 + (500/12)^2/3) = 3.05, rounded down to 3: t = 3.182.
    difference, low, high = difference_interval(ours, theirs)
    assert difference == pytest.approx(-23.0)
    assert (high - low) / 2 == pytest.approx(3.182 * math.sqrt(42.0), rel=1e-6)
    assert (low + high) / 2 == pytest.approx(-23.0)
    there, back = difference_interval(theirs, ours), (-difference, -high, -low)
    assert there == pytest.approx(back)


def test_two_alike_have_as_many_degrees_as_both_together() -> None:
    side = torch.tensor([-1.0, 0.0, 1.0])
    _, low, high = difference_interval(side, side + 5.0)
    assert (low, high) == pytest.approx((-5.0 - 2.776 * math.sqrt(2 / 3), -5.0 + 2.776 * math.sqrt(2 / 3)))


def test_a_difference_without_scatter_is_exact_and_one_of_single_samples_is_anything() -> None:
    assert difference_interval(torch.full((3,), 5.0), torch.full((2,), 3.0)) == (2.0, 2.0, 2.0)
    assert difference_interval(torch.ones(1), torch.zeros(3)) == (1.0, -math.inf, math.inf)
    with pytest.raises(ValueError, match="no samples"):
        difference_interval(torch.ones(0), torch.ones(2))
