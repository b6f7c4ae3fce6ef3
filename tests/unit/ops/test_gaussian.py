"""Diagonal Gaussians against torch.distributions, and samples against their moments."""

import math

import pytest
import torch

from palestra.ops import gaussian as ours

RNG = torch.Generator


@pytest.mark.parametrize("dims", [1, 2, 5])
def test_gaussian_density_and_entropy(dims: int) -> None:
    rng = RNG().manual_seed(dims)
    mean, action = (torch.randn(50, dims, generator=rng, dtype=torch.float64) for _ in range(2))
    log_std = torch.randn(dims, generator=rng, dtype=torch.float64)
    theirs = torch.distributions.Independent(torch.distributions.Normal(mean, log_std.exp()), 1)
    torch.testing.assert_close(ours.gaussian_log_prob(mean, log_std, action), theirs.log_prob(action))
    torch.testing.assert_close(ours.gaussian_entropy(log_std), theirs.entropy()[0])


def test_values_by_hand() -> None:
    unit = ours.gaussian_log_prob(torch.zeros(1, 1), torch.zeros(1), torch.tensor([[2.0]]))
    assert float(unit) == pytest.approx(-0.5 * 2**2 - 0.5 * math.log(2 * math.pi))


def test_gaussian_samples_have_mean_and_deviation() -> None:
    # Mean within 4 standard errors; the deviation's standard error is sigma / sqrt(2 n).
    mean, log_std, num = torch.tensor([-1.0, 3.0]), torch.tensor([0.0, -1.0]), 50_000
    sample = ours.gaussian_sample(mean.expand(num, 2), log_std, RNG().manual_seed(0))
    std = log_std.exp()
    assert bool(((sample.mean(0) - mean).abs() < 4 * std / num**0.5).all())
    assert bool(((sample.std(0) - std).abs() < 4 * std / (2 * num) ** 0.5).all())
    assert abs(float(torch.corrcoef(sample.t())[0, 1])) < 4 / num**0.5


@pytest.mark.parametrize("dims", [1, 2, 5])
def test_gaussian_divergence(dims: int) -> None:
    rng = RNG().manual_seed(dims)
    mean, other_mean = (torch.randn(50, dims, generator=rng, dtype=torch.float64) for _ in range(2))
    log_std, other_log_std = (torch.randn(dims, generator=rng, dtype=torch.float64) for _ in range(2))
    normal = torch.distributions.Normal
    p, q = (
        torch.distributions.Independent(normal(m, s.exp()), 1)
        for m, s in ((mean, log_std), (other_mean, other_log_std))
    )
    theirs = torch.distributions.kl_divergence(p, q)
    torch.testing.assert_close(ours.gaussian_kl(mean, log_std, other_mean, other_log_std), theirs)
    assert float(ours.gaussian_kl(mean, log_std, mean, log_std).abs().max()) == 0


def test_samples_are_a_function_of_the_generator_alone() -> None:
    mean, log_std = torch.zeros(8, 3), torch.zeros(3)
    before = torch.random.get_rng_state()

    def sample(seed: int) -> torch.Tensor:
        return ours.gaussian_sample(mean, log_std, RNG().manual_seed(seed))

    assert torch.equal(sample(5), sample(5))
    assert not torch.equal(sample(5), sample(6))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_ranks_are_checked_at_the_door() -> None:
    column = torch.zeros(3, 1)
    with pytest.raises(ValueError, match="action has shape"):
        ours.gaussian_log_prob(column, torch.zeros(1), torch.zeros(3))
    with pytest.raises(ValueError, match="log_std has shape"):
        ours.gaussian_log_prob(column, torch.zeros(1, 1), column)
    with pytest.raises(ValueError, match="mean has shape"):
        ours.gaussian_sample(torch.zeros(3), torch.zeros(1), RNG())


def test_divergences_by_hand() -> None:
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    assert float(ours.gaussian_kl(zero, zero[0], one, zero[0])) == pytest.approx(0.5)  # m^2 / 2
    # N(0, 1) from N(0, 2): log 2 + 1 / (2 * 4) - 1 / 2
    assert float(ours.gaussian_kl(zero, zero[0], zero, torch.tensor([math.log(2.0)]))) == pytest.approx(
        math.log(2.0) + 1 / 8 - 1 / 2
    )
    with pytest.raises(ValueError, match="log_std has shape"):
        ours.gaussian_kl(zero, zero, one, zero[0])
