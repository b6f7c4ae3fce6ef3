"""The squashed Gaussian: its density by numerical change of variables, its derivative against autograd's."""

import math

import pytest
import torch
from torch import Tensor

from palestra.ops.squashed_gaussian import (
    record_squashed_gaussian,
    squashed_gaussian_gradient,
    squashed_gaussian_sample,
)
from palestra.ops.terms import Term, differentiate


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_density_is_that_of_a_numerical_change_of_variables() -> None:
    mean, log_std, noise = draw(1000, 2), 0.5 * draw(1000, 2, seed=1), draw(1000, 2, seed=2)
    sample = squashed_gaussian_sample(mean, log_std, noise)
    # The Gaussian's density at u over the slope of tanh at u, the slope by central differences.
    u, h = mean + log_std.exp() * noise, 1e-5
    slope = ((u + h).tanh() - (u - h).tanh()) / (2 * h)
    gaussian = torch.distributions.Normal(mean, log_std.exp()).log_prob(u)
    inside = (u.abs() < 5).all(1)  # beyond, the difference of two tanh has no digits left
    assert inside.sum() > 900
    torch.testing.assert_close(
        sample.log_prob_B[inside], (gaussian - slope.log()).sum(1)[inside], rtol=0, atol=1e-6
    )  # fmt: skip


def test_the_density_integrates_to_one() -> None:
    u = torch.linspace(-12, 12, 200_001, dtype=torch.float64)[:, None]
    mean, log_std = torch.full_like(u, 0.4), torch.full_like(u, -0.3)
    sample = squashed_gaussian_sample(mean, log_std, (u - mean) / log_std.exp())
    total = torch.trapezoid(sample.log_prob_B.exp(), sample.action_BA.squeeze(1))
    assert float(total) == pytest.approx(1.0, abs=1e-6)


def test_far_out_nothing_overflows() -> None:
    noise = torch.tensor([[8.0], [-8.0]])
    sample = squashed_gaussian_sample(torch.tensor([[40.0], [-40.0]]), torch.full((2, 1), 9.0), noise)
    assert sample.std_BA.unique().tolist() == [pytest.approx(math.exp(2.0))]  # the upper limit
    # log(1 - tanh(u)^2) -> 2 log 2 - 2|u|
    u = 40.0 + 8.0 * math.exp(2.0)
    expected = -32.0 - 2.0 - 0.5 * math.log(2 * math.pi) - (2 * math.log(2) - 2 * u)
    assert sample.log_prob_B.tolist() == [pytest.approx(expected)] * 2


def test_the_derivative_is_autograds() -> None:
    out = torch.cat((draw(64, 3), 2.0 * draw(64, 3, seed=1)), 1)
    out[:8, 3:] = 2.5  # past the limit, where the derivative is zero
    out.requires_grad_()
    mean, log_std = out.chunk(2, 1)
    sample = squashed_gaussian_sample(mean, log_std, draw(64, 3, seed=2))
    to_action, to_log_prob = draw(64, 3, seed=3), 0.7
    loss = (to_action * sample.action_BA).sum() + to_log_prob * sample.log_prob_B.sum()
    (expected,) = torch.autograd.grad(loss, out)
    torch.testing.assert_close(squashed_gaussian_gradient(sample, to_action, to_log_prob).detach(), expected)


@pytest.mark.parametrize("seen", ["both", "action", "log_prob"])
def test_a_recorded_sample_goes_back_to_the_outputs(seen: str) -> None:
    out, noise = draw(1, 16, 4).requires_grad_(), draw(16, 2, seed=1)
    with torch.no_grad():
        sample = record_squashed_gaussian(out, squashed_gaussian_sample(*out[0].chunk(2, 1), noise))
    theirs = squashed_gaussian_sample(*out[0].chunk(2, 1), noise)
    to_action, to_log_prob = draw(16, 2, seed=2), draw(16, seed=3)
    parts = {
        "action": ((sample.action_BA, lambda: to_action), (theirs.action_BA * to_action).sum()),
        "log_prob": ((sample.log_prob_B, lambda: to_log_prob), (theirs.log_prob_B * to_log_prob).sum()),
    }
    slopes, losses = zip(*(parts.values() if seen == "both" else [parts[seen]]), strict=True)
    (expected,) = torch.autograd.grad(sum(losses), out)
    found = differentiate(Term(lambda: 0.0, *slopes), lambda _: False).at[id(out)]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
