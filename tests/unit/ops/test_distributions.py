"""Distributions against torch.distributions, and samples against their probabilities."""

import math

import pytest
import torch

from palestra.ops import distributions as ours

RNG = torch.Generator


@pytest.mark.parametrize("n", [2, 3, 17])
def test_categorical_density_and_entropy(n: int) -> None:
    rng = RNG().manual_seed(n)
    logits = 3 * torch.randn(50, n, generator=rng, dtype=torch.float64)
    action = torch.randint(n, (50,), generator=rng)
    theirs = torch.distributions.Categorical(logits=logits)
    torch.testing.assert_close(ours.categorical_log_prob(logits, action), theirs.log_prob(action))
    torch.testing.assert_close(ours.categorical_entropy(logits), theirs.entropy())


@pytest.mark.parametrize("dims", [1, 2, 5])
def test_gaussian_density_and_entropy(dims: int) -> None:
    rng = RNG().manual_seed(dims)
    mean, action = (torch.randn(50, dims, generator=rng, dtype=torch.float64) for _ in range(2))
    log_std = torch.randn(dims, generator=rng, dtype=torch.float64)
    theirs = torch.distributions.Independent(torch.distributions.Normal(mean, log_std.exp()), 1)
    torch.testing.assert_close(ours.gaussian_log_prob(mean, log_std, action), theirs.log_prob(action))
    torch.testing.assert_close(ours.gaussian_entropy(log_std), theirs.entropy()[0])


def test_values_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)]])  # probabilities 1/4 and 3/4
    assert float(ours.categorical_log_prob(logits, torch.tensor([1]))) == pytest.approx(math.log(0.75))
    assert float(ours.categorical_entropy(logits)) == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))
    unit = ours.gaussian_log_prob(torch.zeros(1, 1), torch.zeros(1), torch.tensor([[2.0]]))
    assert float(unit) == pytest.approx(-0.5 * 2**2 - 0.5 * math.log(2 * math.pi))


def test_categorical_samples_have_their_frequencies() -> None:
    # Pearson's chi-square against the 99.9% quantile for 4 degrees of freedom, 18.47.
    probs = torch.tensor([0.5, 0.25, 0.15, 0.07, 0.03])
    num = 100_000
    action = ours.categorical_sample(probs.log().expand(num, 5), RNG().manual_seed(0))
    assert action.dtype == torch.int64
    assert action.shape == (num,)
    seen = torch.bincount(action, minlength=5).double()
    expected = num * probs.double()
    assert float(((seen - expected).square() / expected).sum()) < 18.47


def test_each_row_is_sampled_from_its_own_logits() -> None:
    certain = torch.full((4, 3), -50.0)
    certain[torch.arange(4), torch.tensor([2, 0, 1, 2])] = 50.0
    assert ours.categorical_sample(certain, RNG().manual_seed(0)).tolist() == [2, 0, 1, 2]


def test_an_impossible_action_is_never_drawn() -> None:
    logits = torch.tensor([[-math.inf, 0.0, -math.inf, 1.0]]).expand(20_000, 4)
    assert set(ours.categorical_sample(logits, RNG().manual_seed(0)).tolist()) == {1, 3}


def test_gaussian_samples_have_mean_and_deviation() -> None:
    # Mean within 4 standard errors; the deviation's standard error is sigma / sqrt(2 n).
    mean, log_std, num = torch.tensor([-1.0, 3.0]), torch.tensor([0.0, -1.0]), 50_000
    sample = ours.gaussian_sample(mean.expand(num, 2), log_std, RNG().manual_seed(0))
    std = log_std.exp()
    assert bool(((sample.mean(0) - mean).abs() < 4 * std / num**0.5).all())
    assert bool(((sample.std(0) - std).abs() < 4 * std / (2 * num) ** 0.5).all())
    assert abs(float(torch.corrcoef(sample.t())[0, 1])) < 4 / num**0.5


def test_samples_are_a_function_of_the_generator_alone() -> None:
    logits, mean, log_std = torch.zeros(8, 3), torch.zeros(8, 3), torch.zeros(3)
    before = torch.random.get_rng_state()
    for sample in (
        lambda seed: ours.categorical_sample(logits, RNG().manual_seed(seed)),
        lambda seed: ours.gaussian_sample(mean, log_std, RNG().manual_seed(seed)),
    ):
        assert torch.equal(sample(5), sample(5))
        assert not torch.equal(sample(5), sample(6))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_ranks_are_checked_at_the_door() -> None:
    column = torch.zeros(3, 1)
    with pytest.raises(ValueError, match=r"action has shape \(3, 1\); expected 1 dimension"):
        ours.categorical_log_prob(torch.zeros(3, 2), torch.zeros(3, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match="logits has shape"):
        ours.categorical_sample(torch.zeros(3), RNG())
    with pytest.raises(ValueError, match="logits has shape"):
        ours.categorical_entropy(torch.zeros(3))
    with pytest.raises(ValueError, match="action has shape"):
        ours.gaussian_log_prob(column, torch.zeros(1), torch.zeros(3))
    with pytest.raises(ValueError, match="log_std has shape"):
        ours.gaussian_log_prob(column, torch.zeros(1, 1), column)
    with pytest.raises(ValueError, match="mean has shape"):
        ours.gaussian_sample(torch.zeros(3), torch.zeros(1), RNG())


@pytest.mark.parametrize("n", [2, 3, 17])
def test_categorical_divergence(n: int) -> None:
    rng = RNG().manual_seed(n)
    p, q = (3 * torch.randn(50, n, generator=rng, dtype=torch.float64) for _ in range(2))
    theirs = torch.distributions.kl_divergence(*(torch.distributions.Categorical(logits=x) for x in (p, q)))
    torch.testing.assert_close(ours.categorical_kl(p, q), theirs)
    assert float(ours.categorical_kl(p, p + 1.0).abs().max()) < 1e-12  # a constant changes no distribution


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


def test_divergences_by_hand() -> None:
    p, q = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, math.log(3.0)]])  # (1/2, 1/2) from (1/4, 3/4)
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert float(ours.categorical_kl(p, q)) == pytest.approx(expected)
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    assert float(ours.gaussian_kl(zero, zero[0], one, zero[0])) == pytest.approx(0.5)  # m^2 / 2
    # N(0, 1) from N(0, 2): log 2 + 1 / (2 * 4) - 1 / 2
    assert float(ours.gaussian_kl(zero, zero[0], zero, torch.tensor([math.log(2.0)]))) == pytest.approx(
        math.log(2.0) + 1 / 8 - 1 / 2
    )
    with pytest.raises(ValueError, match="shapes differ"):
        ours.categorical_kl(p, torch.zeros(1, 3))
    with pytest.raises(ValueError, match="log_std has shape"):
        ours.gaussian_kl(zero, zero, one, zero[0])
