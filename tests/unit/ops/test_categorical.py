"""Categoricals against torch.distributions, and samples against their probabilities."""

import math

import pytest
import torch

from palestra.ops import categorical as ours

RNG = torch.Generator


@pytest.mark.parametrize("n", [2, 3, 17])
def test_categorical_density_and_entropy(n: int) -> None:
    rng = RNG().manual_seed(n)
    logits = 3 * torch.randn(50, n, generator=rng, dtype=torch.float64)
    action = torch.randint(n, (50,), generator=rng)
    theirs = torch.distributions.Categorical(logits=logits)
    torch.testing.assert_close(ours.categorical_log_prob(logits, action), theirs.log_prob(action))
    torch.testing.assert_close(ours.categorical_entropy(logits), theirs.entropy())


def test_values_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)]])  # probabilities 1/4 and 3/4
    assert float(ours.categorical_log_prob(logits, torch.tensor([1]))) == pytest.approx(math.log(0.75))
    assert float(ours.categorical_entropy(logits)) == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))


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


@pytest.mark.parametrize("n", [2, 3, 17])
def test_categorical_divergence(n: int) -> None:
    rng = RNG().manual_seed(n)
    p, q = (3 * torch.randn(50, n, generator=rng, dtype=torch.float64) for _ in range(2))
    theirs = torch.distributions.kl_divergence(*(torch.distributions.Categorical(logits=x) for x in (p, q)))
    torch.testing.assert_close(ours.categorical_kl(p, q), theirs)
    assert float(ours.categorical_kl(p, p + 1.0).abs().max()) < 1e-12  # a constant changes no distribution


def test_samples_are_a_function_of_the_generator_alone() -> None:
    logits = torch.zeros(8, 3)
    before = torch.random.get_rng_state()

    def sample(seed: int) -> torch.Tensor:
        return ours.categorical_sample(logits, RNG().manual_seed(seed))

    assert torch.equal(sample(5), sample(5))
    assert not torch.equal(sample(5), sample(6))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_ranks_are_checked_at_the_door() -> None:
    with pytest.raises(ValueError, match=r"action has shape \(3, 1\); expected 1 dimension"):
        ours.categorical_log_prob(torch.zeros(3, 2), torch.zeros(3, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match="logits has shape"):
        ours.categorical_sample(torch.zeros(3), RNG())
    with pytest.raises(ValueError, match="logits has shape"):
        ours.categorical_entropy(torch.zeros(3))


def test_a_divergence_by_hand() -> None:
    p, q = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, math.log(3.0)]])  # (1/2, 1/2) from (1/4, 3/4)
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert float(ours.categorical_kl(p, q)) == pytest.approx(expected)
    with pytest.raises(ValueError, match="shapes differ"):
        ours.categorical_kl(p, torch.zeros(1, 3))
