"""Predicted Gaussians against torch.distributions, and bounds that bend rather than cut."""

import pytest
import torch
from torch.distributions import Normal

from palestra.ops.predicted_gaussian import predicted_nll, softly_bounded


def test_nll_is_that_of_torch_distributions() -> None:
    rng = torch.Generator().manual_seed(0)
    mean, log_var, target = (torch.randn(3, 7, 4, generator=rng, dtype=torch.float64) for _ in range(3))
    expected = -Normal(mean, (0.5 * log_var).exp()).log_prob(target).sum(2)
    torch.testing.assert_close(predicted_nll(mean, log_var, target), expected)


def test_bounds_hold_and_far_from_them_nothing_is_changed() -> None:
    low, high = torch.tensor([-10.0]), torch.tensor([0.5])
    raw = torch.linspace(-60, 60, 241)[None, :, None].requires_grad_()
    bounded = softly_bounded(raw, low, high)
    (slope,) = torch.autograd.grad(bounded.sum(), raw)
    kept, raw = bounded.detach(), raw.detach()
    assert float(kept.min()) >= -10.0
    assert float(kept.max()) <= 0.5 + 1e-4  # softplus(high - low) is more than that by so little
    inside = (raw > -5) & (raw < -4)
    torch.testing.assert_close(kept[inside], raw[inside], rtol=0, atol=0.02)
    assert bool((slope[(raw > -12) & (raw < 3)] > 0.05).all())  # never cut off
    assert bool((kept.diff(dim=1) >= 0).all())


def test_ranks_are_checked() -> None:
    with pytest.raises(ValueError, match="mean has shape"):
        predicted_nll(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(1, 2, 3))
