"""Independent choices between yes and no against torch.distributions, and where their probabilities round to 0 or 1."""

import math

import pytest
import torch

from palestra.ops.bernoulli import Bernoulli, bernoulli_entropy, bernoulli_kl, bernoulli_log_prob, bernoulli_sample


def logits(seed: int) -> torch.Tensor:
    return 2.0 * torch.randn(7, 3, generator=torch.Generator().manual_seed(seed))


def test_it_is_torchs_summed_over_the_parts() -> None:
    one, other = (torch.distributions.Bernoulli(logits=logits(seed)) for seed in (0, 1))
    action = bernoulli_sample(logits(0), torch.Generator().manual_seed(2))
    torch.testing.assert_close(bernoulli_log_prob(logits(0), action), one.log_prob(action.float()).sum(1))
    torch.testing.assert_close(bernoulli_entropy(logits(0)), one.entropy().sum(1))
    expected = torch.distributions.kl_divergence(one, other).sum(1)
    torch.testing.assert_close(bernoulli_kl(logits(0), logits(1)), expected)


def test_by_hand() -> None:
    # P(1) = 3/4 and 1/2: log P((1, 0)) = log(3/8); the entropy of the first is 2 log 2 - (3/4) log 3.
    out = torch.tensor([[math.log(3.0), 0.0]])
    assert float(bernoulli_log_prob(out, torch.tensor([[1, 0]]))) == pytest.approx(math.log(3 / 8))
    assert float(bernoulli_entropy(out)) == pytest.approx(3 * math.log(2) - 0.75 * math.log(3), abs=1e-6)
    # From P(1) = 1/2 in both: (3/4) log(3/2) + (1/4) log(1/2).
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert float(bernoulli_kl(out, torch.zeros(1, 2))) == pytest.approx(expected, abs=1e-6)


def test_shares_are_the_probabilities_and_parts_are_drawn_apart() -> None:
    # Within four standard errors of 20,000 draws.
    action = bernoulli_sample(torch.tensor([[math.log(3.0), 0.0]]).expand(20_000, 2), torch.Generator().manual_seed(0))
    share = torch.bincount(action @ torch.tensor([2, 1]), minlength=4) / 20_000
    for found, expected in zip(share.tolist(), (1 / 8, 1 / 8, 3 / 8, 3 / 8), strict=True):
        assert abs(found - expected) < 4 * math.sqrt(expected * (1 - expected) / 20_000)


def test_certainty_is_finite() -> None:
    out = torch.tensor([[200.0, -200.0]])
    assert bernoulli_log_prob(out, torch.tensor([[1, 0]])).tolist() == [0.0]
    assert bernoulli_log_prob(out, torch.tensor([[0, 0]])).tolist() == [-200.0]
    assert bernoulli_entropy(out).tolist() == [0.0]
    assert bernoulli_kl(out, out).tolist() == [0.0]
    assert bernoulli_kl(out, -out).tolist() == [400.0]


def test_a_shape_of_several_dimensions() -> None:
    head, out = Bernoulli((2, 3)), torch.linspace(-3.0, 3.0, 12).view(2, 6)
    action = head.sample(out, torch.Generator().manual_seed(0))
    assert action.shape == head.mode(out).shape == (2, 2, 3)
    assert head.mode(out).flatten(1).tolist() == [[0] * 6, [1] * 6]
    torch.testing.assert_close(head.log_prob(out, action), bernoulli_log_prob(out, action.flatten(1)))
    assert torch.equal(head.encoded(action), action.flatten(1).float())
