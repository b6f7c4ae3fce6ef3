"""Losses by hand, their gradients numerically, and the KL estimate against the true divergence."""

import pytest
import torch

from palestra.ops.losses import (
    approximate_kl,
    clipped_surrogate,
    clipped_surrogate_gradient,
    surrogate,
    surrogate_gradient,
    td_loss,
    td_loss_gradient,
    value_loss,
    value_loss_gradient,
)


def t(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_clipped_surrogate_by_hand() -> None:
    # eps 0.2. Good actions gain at most up to ratio 1.2; bad ones are punished without bound above 0.8.
    ratio, advantage = t(1.5, 0.5, 1.5, 0.5, 1.1), t(2.0, 2.0, -2.0, -2.0, 3.0)
    terms = [1.2 * 2, 0.5 * 2, 1.5 * -2, 0.8 * -2, 1.1 * 3]
    assert float(clipped_surrogate(ratio, advantage, 0.2)) == pytest.approx(-sum(terms) / 5)


def test_clipped_surrogate_gives_no_gradient_beyond_the_range() -> None:
    ratio = t(1.5, 0.5, 1.5, 0.5).requires_grad_()
    clipped_surrogate(ratio, t(2.0, 2.0, -2.0, -2.0), 0.2).backward()
    assert ratio.grad is not None
    assert ratio.grad.tolist() == [0.0, -2 / 4, 2 / 4, 0.0]


def test_value_loss_by_hand() -> None:
    value, returns, old = t(1.0, 5.0, 2.0), t(3.0, 4.0, 2.0), t(0.0, 4.5, 3.0)
    assert float(value_loss(value, returns, old, None)) == pytest.approx((2**2 + 1**2 + 0**2) / 3)
    # Range 0.1: the new values become 0.1, 4.6 and 2.9; the larger of the two losses counts.
    terms = [max(2**2, 2.9**2), max(1**2, 0.6**2), max(0**2, 0.9**2)]
    assert float(value_loss(value, returns, old, 0.1)) == pytest.approx(sum(terms) / 3)


def test_td_loss_by_hand() -> None:
    value, target = t(0.0, 1.0, 4.0), t(0.5, 1.0, 1.0)
    assert float(td_loss(value, target, "squared")) == pytest.approx((0.25 + 0 + 9) / 3)
    # Huber with threshold 1: e^2/2 inside, |e| - 1/2 outside.
    assert float(td_loss(value, target, "huber")) == pytest.approx((0.125 + 0 + 2.5) / 3)
    with pytest.raises(ValueError, match="loss kind 'absolute'; expected 'huber' or 'squared'"):
        td_loss(value, target, "absolute")


def test_gradients_are_the_numerical_ones() -> None:
    rng = torch.Generator().manual_seed(0)
    a, b, c = (torch.randn(12, generator=rng, dtype=torch.float64) for _ in range(3))
    ratio = (0.3 * a).exp().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: clipped_surrogate(x, b, 0.2), ratio)
    for clip in (None, 0.4):
        assert torch.autograd.gradcheck(lambda x, clip=clip: value_loss(x, b, c, clip), a.clone().requires_grad_())
    for kind in ("huber", "squared"):
        assert torch.autograd.gradcheck(lambda x, kind=kind: td_loss(x, b, kind), a.clone().requires_grad_())


def test_approximate_kl_is_never_negative_and_zero_for_equal_policies() -> None:
    log_ratio = torch.randn(1_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for one in log_ratio.split(1):
        assert float(approximate_kl(one)) >= 0
    assert float(approximate_kl(torch.zeros(5))) == 0


def test_approximate_kl_is_near_the_true_divergence() -> None:
    # KL(N(0, 1) || N(m, 1)) = m^2 / 2, and the estimate is unbiased under samples of the old policy.
    sample = torch.randn(200_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    old, new = torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(0.3, 1.0)
    log_ratio = new.log_prob(sample) - old.log_prob(sample)
    true = float(torch.distributions.kl_divergence(old, new))
    assert true == pytest.approx(0.045)
    assert float(approximate_kl(log_ratio)) == pytest.approx(true, rel=0.02)


def test_a_column_never_meets_a_row() -> None:
    row, column = torch.zeros(4), torch.zeros(4, 1)
    for call in (
        lambda: clipped_surrogate(row, column, 0.2),
        lambda: value_loss(column, row, row, None),
        lambda: value_loss(row, row, column, None),
        lambda: td_loss(row, column, "huber"),
        lambda: approximate_kl(column),
    ):
        with pytest.raises(ValueError, match=r"has shape \(4, 1\); expected 1 dimension"):
            call()
    with pytest.raises(ValueError, match="shapes differ"):
        td_loss(row, torch.zeros(5), "squared")


def samples(num: int = 400) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    return list(torch.randn(4, num, generator=rng, dtype=torch.float64))


@pytest.mark.parametrize("clip_range", [0.05, 0.2, 0.9])
def test_the_surrogates_derivative_is_autograds(clip_range: float) -> None:
    log_ratio, advantage = samples()[:2]
    log_ratio[:3] = 0.0  # as in the first minibatch, where both terms of the minimum are equal
    log_ratio.requires_grad_()
    (theirs,) = torch.autograd.grad(clipped_surrogate(log_ratio.exp(), advantage, clip_range), log_ratio)
    ours = clipped_surrogate_gradient(log_ratio.detach().exp(), advantage, clip_range)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-15)
    assert 0 < int((ours == 0).sum()) < len(ours)


@pytest.mark.parametrize("clip_range", [None, 0.1, 1.0])
def test_the_value_losss_derivative_is_autograds(clip_range: float | None) -> None:
    value, returns, old = samples()[:3]
    value.requires_grad_()
    (theirs,) = torch.autograd.grad(value_loss(value, returns, old, clip_range), value)
    ours = value_loss_gradient(value.detach(), returns, old, clip_range)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-15)
    assert bool((ours == 0).any()) == (clip_range is not None)


@pytest.mark.parametrize("kind", ["huber", "squared"])
def test_the_td_losss_derivative_is_autograds(kind: str) -> None:
    value, target = samples()[:2]
    value.requires_grad_()
    (theirs,) = torch.autograd.grad(td_loss(value, target, kind), value)
    torch.testing.assert_close(td_loss_gradient(value.detach(), target, kind), theirs, rtol=1e-12, atol=1e-15)


def test_the_plain_surrogate_and_its_derivative() -> None:
    assert float(surrogate(t(1.5, 0.5), t(2.0, -4.0))) == pytest.approx(-(1.5 * 2 + 0.5 * -4) / 2)
    log_ratio, advantage = samples()[:2]
    log_ratio.requires_grad_()
    (theirs,) = torch.autograd.grad(surrogate(log_ratio.exp(), advantage), log_ratio)
    torch.testing.assert_close(surrogate_gradient(log_ratio.detach().exp(), advantage), theirs, rtol=1e-12, atol=1e-15)
    with pytest.raises(ValueError, match="expected 1 dimension"):
        surrogate(t(1.0), torch.zeros(1, 1))
