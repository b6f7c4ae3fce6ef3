"""Divergences, bounds on regret and exploration schedules, against arithmetic that stands here."""

import math

import pytest
import torch

from palestra.ops.bandits import (
    bernoulli_kl,
    epsilon_at,
    explorers,
    gaussian_kl,
    lai_robbins,
    ucb1_pulls_bound,
    ucb1_regret_bound,
)

KL_06_09 = 0.6 * math.log(0.6 / 0.9) + 0.4 * math.log(0.4 / 0.1)  # 0.31121 nats


def test_bernoulli_kl() -> None:
    p = torch.tensor([0.6, 0.5, 0.0, 1.0, 0.3, 0.5], dtype=torch.float64)
    q = torch.tensor([0.9, 0.25, 0.5, 0.5, 0.3, 0.0], dtype=torch.float64)
    expected = [KL_06_09, 0.5 * math.log(2) + 0.5 * math.log(2 / 3), math.log(2), math.log(2), 0.0, math.inf]
    assert bernoulli_kl(p, q).tolist() == pytest.approx(expected, abs=1e-12)
    ours = torch.distributions.kl_divergence(
        torch.distributions.Bernoulli(p[[0, 1, 4]]), torch.distributions.Bernoulli(q[[0, 1, 4]])
    )
    torch.testing.assert_close(bernoulli_kl(p, q)[[0, 1, 4]], ours)


def test_gaussian_kl() -> None:
    p, q = torch.tensor([0.0, 1.0]), torch.tensor([2.0, 1.0])
    assert gaussian_kl(p, q, 0.5).tolist() == [8.0, 0.0]  # 2^2 / (2 * 0.25)


def test_lai_robbins_on_arms_worked_by_hand() -> None:
    mean_AB = torch.tensor([[0.9, 0.5], [0.6, 0.5], [0.6, 0.25]], dtype=torch.float64)
    gap_AB = mean_AB.amax(0) - mean_AB
    kl_AB = bernoulli_kl(mean_AB, mean_AB.amax(0).expand_as(mean_AB))
    # Two arms of gap 0.3; then two best arms, which cost nothing, and one of gap 0.25.
    kl_025_05 = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    assert lai_robbins(gap_AB, kl_AB).tolist() == pytest.approx([2 * 0.3 / KL_06_09, 0.25 / kl_025_05])
    # Gaussian arms: gap / (gap^2 / (2 std^2)) = 2 std^2 / gap.
    arms = torch.tensor([[1.0], [0.5], [0.0]])
    gaps = 1.0 - arms
    assert lai_robbins(gaps, gaussian_kl(arms, torch.ones(3, 1), 2.0)).item() == pytest.approx(8 / 0.5 + 8 / 1.0)


def test_ucb1_bounds_on_arms_worked_by_hand() -> None:
    gap_AB = torch.tensor([[0.0], [0.5], [0.5]])
    per_arm = 8 * math.log(1000) / 0.25 + 1 + math.pi**2 / 3
    assert ucb1_pulls_bound(gap_AB, 1000).flatten().tolist() == pytest.approx([math.inf, per_arm, per_arm])
    # Theorem 1 as printed: 8 sum(ln n / gap) + (1 + pi^2 / 3) sum(gap).
    printed = 8 * (2 * math.log(1000) / 0.5) + (1 + math.pi**2 / 3) * 1.0
    assert ucb1_regret_bound(gap_AB, 1000).item() == pytest.approx(printed)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [0.4, 0.4, 0.4, 0.4]),
        ("inverse", [0.4, 0.2, 0.1, 0.04]),
        ("inverse-sqrt", [0.4, 0.4 / math.sqrt(2), 0.2, 0.4 / math.sqrt(10)]),
        ("exponential", [0.1 + 0.3 * math.exp(-t / 4) for t in (1, 2, 4, 10)]),
        ("linear", [0.325, 0.25, 0.1, 0.1]),  # 0.4 down to 0.1 over 4 pulls
    ],
)
def test_epsilon_schedules(schedule: str, expected: list[float]) -> None:
    time_T = torch.tensor([1.0, 2.0, 4.0, 10.0])
    assert epsilon_at(schedule, time_T, 0.4, 0.1, 4).tolist() == pytest.approx(expected)


def test_factors_above_one_are_still_probabilities() -> None:
    time_T = torch.tensor([1.0, 50.0, 100.0, 2500.0, 10_000.0])
    assert epsilon_at("inverse", time_T, 50.0, 0.0, 1).tolist() == pytest.approx([1.0, 1.0, 0.5, 0.02, 0.005])
    assert epsilon_at("inverse-sqrt", time_T, 50.0, 0.0, 1).tolist() == pytest.approx([1.0, 1.0, 1.0, 1.0, 0.5])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        bernoulli_kl(torch.zeros(2), torch.zeros(3))
    with pytest.raises(ValueError, match="2 dimensions"):
        lai_robbins(torch.zeros(2), torch.zeros(2))
    with pytest.raises(ValueError, match="expected constant, inverse"):
        epsilon_at("cosine", torch.ones(1), 0.1, 0.0, 1)


@pytest.mark.parametrize("epsilon", [0.0, 1e-4, 1 / 256, 0.1, 0.5, 0.999, 1.0])
def test_as_many_explore_as_epsilon_says_each_by_itself(epsilon: float) -> None:
    bandits, pulls = 1_001, 400
    epsilon_T = torch.full((pulls,), epsilon)
    epsilon_T[0] = 1.0
    place_L = explorers(epsilon_T, bandits, torch.Generator().manual_seed(0))
    assert place_L.tolist() == sorted(set(place_L.tolist()))
    explores_TB = torch.zeros(pulls * bandits).index_fill_(0, place_L, 1.0).view(pulls, bandits)
    assert explores_TB[0].all()
    number = (pulls - 1) * bandits
    error = (number * epsilon * (1 - epsilon)) ** 0.5
    assert float(explores_TB[1:].sum()) == pytest.approx(number * epsilon, abs=4 * error)
    both = float((explores_TB[1:-1] * explores_TB[2:]).sum())  # neighbours in time are independent
    assert both == pytest.approx(number * epsilon**2, abs=5 * (number * epsilon**2) ** 0.5 + 1e-4 * number * epsilon)
