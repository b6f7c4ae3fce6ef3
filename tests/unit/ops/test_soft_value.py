"""The soft value of categorical policies: by hand, at its maximum, and its derivative against autograd's."""

import math

import pytest
import torch
from torch import Tensor

from palestra.ops.soft_value import mean_soft_value, soft_value, soft_value_gradient
from palestra.ops.terms import differentiate


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_by_hand() -> None:
    log_prob = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()
    q = torch.tensor([[4.0, 8.0], [1.0, 1.0]])
    # 0.25 * 4 + 0.75 * 8 = 7, and the entropy of (1/4, 3/4) is 0.25 log 4 + 0.75 log(4/3)
    entropy = 0.25 * math.log(4) + 0.75 * math.log(4 / 3)
    expected = torch.tensor([7 + 2 * entropy, 1 + 2 * math.log(2)])
    torch.testing.assert_close(soft_value(log_prob, q, 2.0), expected)


def test_it_is_largest_at_the_boltzmann_policy_and_there_alpha_log_sum_exp() -> None:
    q, alpha = 3 * draw(50, 5), 0.7
    best = soft_value((q / alpha).log_softmax(1), q, alpha)
    torch.testing.assert_close(best, alpha * (q / alpha).logsumexp(1))
    for seed in range(1, 20):
        other = (q / alpha + 0.3 * draw(50, 5, seed=seed)).log_softmax(1)
        assert (soft_value(other, q, alpha) < best).all()


def test_the_derivative_is_autograds() -> None:
    logits, q, alpha = draw(20, 4).requires_grad_(), draw(20, 4, seed=1), torch.tensor(0.3, dtype=torch.float64)
    log_prob = logits.log_softmax(1)
    (expected,) = torch.autograd.grad(soft_value(log_prob, q, alpha).sum(), logits)
    torch.testing.assert_close(soft_value_gradient(log_prob.detach(), q, alpha), expected)
    out = torch.cat((logits.detach(), draw(3, 4)))[None].requires_grad_()  # what a network gave, further rows too
    term = mean_soft_value(out, log_prob.detach(), q, alpha)
    torch.testing.assert_close(term.value, soft_value(log_prob, q, alpha).mean().detach())
    torch.testing.assert_close(differentiate(term, lambda _: False).at[id(out)][0], expected / 20)
    at_best = soft_value_gradient((q / alpha).log_softmax(1), q, alpha)
    torch.testing.assert_close(at_best, torch.zeros_like(at_best))


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        soft_value(draw(3, 2), draw(3, 1), 1.0)
    with pytest.raises(ValueError, match="expected 2 dimensions"):
        soft_value(draw(3), draw(3), 1.0)
