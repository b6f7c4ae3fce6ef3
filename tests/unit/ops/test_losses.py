"""Losses by hand, their derivatives by numerical differences of their values, and the KL estimate."""

from collections.abc import Callable

import pytest
import torch
from derivatives import numerical, samples, slope
from torch import Tensor

from palestra.ops import losses
from palestra.ops.losses import (
    approximate_kl,
    clipped_surrogate,
    policy_gradient,
    standardised,
    surrogate,
    value_error,
)
from palestra.ops.terms import Term


def t(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_clipped_surrogate_by_hand() -> None:
    # eps 0.2. Good actions gain at most up to ratio 1.2; bad ones are punished without bound above 0.8.
    ratio, advantage = t(1.5, 0.5, 1.5, 0.5, 1.1), t(2.0, 2.0, -2.0, -2.0, 3.0)
    terms = [1.2 * 2, 0.5 * 2, 1.5 * -2, 0.8 * -2, 1.1 * 3]
    old = t(-0.1, -0.2, -0.3, -0.4, -0.5)
    assert float(clipped_surrogate(old + ratio.log(), old, advantage, 0.2).value) == pytest.approx(-sum(terms) / 5)


def test_clipped_surrogate_gives_no_gradient_beyond_the_range() -> None:
    ratio = t(1.5, 0.5, 1.5, 0.5)
    log_prob = ratio.log().requires_grad_()
    by_log_prob = slope(clipped_surrogate(log_prob, t(0.0, 0.0, 0.0, 0.0), t(2.0, 2.0, -2.0, -2.0), 0.2), log_prob)
    # By the ratio it is -A / B, and by its logarithm r times that.
    assert (by_log_prob / ratio).tolist() == pytest.approx([0.0, -2 / 4, 2 / 4, 0.0], rel=1e-12)


def test_value_loss_by_hand() -> None:
    value, returns, old = t(1.0, 5.0, 2.0), t(3.0, 4.0, 2.0), t(0.0, 4.5, 3.0)
    assert float(value_error(value[:, None], returns).value) == pytest.approx((2**2 + 1**2 + 0**2) / 3)
    # Range 0.1: the new values become 0.1, 4.6 and 2.9; the larger of the two losses counts.
    terms = [max(2**2, 2.9**2), max(1**2, 0.6**2), max(0**2, 0.9**2)]
    assert float(value_error(value[:, None], returns, old, 0.1).value) == pytest.approx(sum(terms) / 3)


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
        lambda: clipped_surrogate(row, row, column, 0.2),
        lambda: clipped_surrogate(column, row, row, 0.2),
        lambda: surrogate(row, column, row),
        lambda: policy_gradient(row, column),
        lambda: value_error(column, column),
        lambda: value_error(column, row, column, 0.1),
        lambda: approximate_kl(column),
    ):
        with pytest.raises(ValueError, match=r"has shape \(4, 1\); expected 1 dimension"):
            call()
    with pytest.raises(ValueError, match=r"has shape .*; expected 2 dimensions"):
        value_error(row, row)
    for call in (
        lambda: value_error(column, torch.zeros(5)),
        lambda: value_error(torch.zeros(4, 2), row),
    ):
        with pytest.raises(ValueError, match=r"shapes differ|expected [12] dimension"):
            call()


def cases() -> dict[str, tuple[Callable[[Tensor], Term], Tensor]]:
    """Terms as functions of one output, and where; no output stands on a kink."""
    a, b, c, _ = samples()
    clipped = {f"clipped {eps}": (lambda x, eps=eps: clipped_surrogate(x, 0.3 * c, b, eps), 0.3 * a + 0.3 * c)
               for eps in (0.05, 0.2, 0.9)}  # fmt: skip
    values = {f"value {eps}": (lambda x, eps=eps: value_error(x, b, c, eps), a[:, None]) for eps in (None, 0.1, 1.0)}
    return clipped | values | {
        "surrogate": (lambda x: surrogate(x, 0.3 * c, b), 0.3 * a),
        "policy gradient": (lambda x: policy_gradient(x, b), a),
    }  # fmt: skip


@pytest.mark.parametrize("name", cases())
def test_every_derivative_is_the_numerical_one(name: str) -> None:
    make, at = cases()[name]
    output = at.clone().requires_grad_()
    found = slope(make(output), output)
    assert found.abs().max() > 1e-3
    torch.testing.assert_close(found, numerical(lambda x: make(x).value, at), rtol=1e-6, atol=1e-8)


def test_no_loss_lacks_its_case() -> None:
    """Whatever of ``losses`` gives a term stands above."""
    terms = {name for name, it in vars(losses).items() if getattr(it, "__annotations__", {}).get("return") is Term}
    assert terms == {
        "clipped_surrogate", "surrogate", "policy_gradient", "value_error",
    }  # fmt: skip


def test_where_both_terms_of_the_minimum_are_equal_the_surrogate_has_the_unclipped_ones_derivative() -> None:
    log_prob = t(0.0, 0.0).requires_grad_()  # ratio 1, as in the first minibatch
    assert slope(clipped_surrogate(log_prob, t(0.0, 0.0), t(3.0, -5.0), 0.2), log_prob).tolist() == [-1.5, 2.5]


def test_some_samples_have_no_gradient_and_some_have() -> None:
    a, b, c, _ = samples(400)
    log_prob, value = a.clone().requires_grad_(), a[:, None].clone().requires_grad_()
    for found in (
        slope(clipped_surrogate(log_prob, 0.0 * a, b, 0.2), log_prob), slope(value_error(value, b, c, 0.1), value),
    ):  # fmt: skip
        assert 0 < int((found == 0).sum()) < len(found)
    assert not bool((slope(value_error(value, b), value) == 0).any())


def test_the_plain_surrogate_by_hand() -> None:
    term = surrogate(t(1.5, 0.5).log(), t(0.0, 0.0), t(2.0, -4.0))
    assert float(term.value) == pytest.approx(-(1.5 * 2 + 0.5 * -4) / 2)


def test_policy_gradient_by_hand() -> None:
    assert float(policy_gradient(t(-1.0, -2.0), t(3.0, 0.5)).value) == pytest.approx(-(3 * -1 + 0.5 * -2) / 2)


def test_standardised_samples_have_mean_zero_and_deviation_one() -> None:
    sample = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)  # mean 3, deviation sqrt(14 / 3)
    assert standardised(sample).tolist() == pytest.approx([x / (14 / 3) ** 0.5 for x in (-2, -1, 0, 3)])
    assert standardised(torch.full((5,), 7.0)).tolist() == [0.0] * 5
