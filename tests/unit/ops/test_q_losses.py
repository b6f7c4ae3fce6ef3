"""Losses of action values by hand, and their derivatives by numerical differences of their values."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from palestra.ops import q_losses
from palestra.ops.q_losses import entropy_to_hold, mean, mean_of_least, squared_error, td_loss, td_loss_gradient
from palestra.ops.terms import Term, differentiate


def t(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def samples(num: int = 40) -> list[Tensor]:
    rng = torch.Generator().manual_seed(0)
    return list(torch.randn(4, num, generator=rng, dtype=torch.float64))


def slope(term: Term, output: Tensor) -> Tensor:
    """The derivative of a term at an output, as the optimizer finds it."""
    return differentiate(term, lambda _: False).at[id(output)]


def numerical(loss: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-6) -> Tensor:
    """Central differences of a scalar function: no derivative of anybody's is asked."""
    found = torch.zeros_like(x)
    for i in range(x.numel()):
        step = torch.zeros_like(x).view(-1)
        step[i] = h
        step = step.view_as(x)
        found.view(-1)[i] = (loss(x + step) - loss(x - step)) / (2 * h)
    return found


def test_td_loss_by_hand() -> None:
    value, target = t(0.0, 1.0, 4.0), t(0.5, 1.0, 1.0)
    assert td_loss(value, target, "squared").tolist() == pytest.approx([0.25, 0, 9])
    # Huber with threshold 1: e^2/2 inside, |e| - 1/2 outside.
    assert td_loss(value, target, "huber").tolist() == pytest.approx([0.125, 0, 2.5])
    with pytest.raises(ValueError, match="loss kind 'absolute'; expected 'huber' or 'squared'"):
        td_loss(value, target, "absolute")


def test_a_column_never_meets_a_row() -> None:
    row, column = torch.zeros(4), torch.zeros(4, 1)
    for call in (
        lambda: squared_error(column[None], column),
        lambda: entropy_to_hold(torch.tensor(0.0), column, 1.0),
        lambda: td_loss(row, column, "huber"),
    ):
        with pytest.raises(ValueError, match=r"has shape \(4, 1\); expected 1 dimension"):
            call()
    for call in (lambda: squared_error(column, row), lambda: mean_of_least(column)):
        with pytest.raises(ValueError, match=r"has shape .*; expected 3 dimensions"):
            call()
    for call in (
        lambda: td_loss(row, torch.zeros(5), "squared"),
        lambda: squared_error(column[None], torch.zeros(5)),
        lambda: squared_error(torch.zeros(2, 4, 2), row),
    ):
        with pytest.raises(ValueError, match=r"shapes differ|expected [12] dimension"):
            call()


def cases() -> dict[str, tuple[Callable[[Tensor], Term], Tensor]]:
    """Terms as functions of one output, and where; no output stands on a kink."""
    a, b, c, d = samples()
    q = torch.stack((a, b))[..., None]
    return {
        "mean": (mean, q),
        "squared error": (lambda x: squared_error(x, c), q),
        "least": (mean_of_least, q),
        "entropy to hold": (lambda x: entropy_to_hold(x, a, 0.7), d[0]),
    }


@pytest.mark.parametrize("name", cases())
def test_every_derivative_is_the_numerical_one(name: str) -> None:
    make, at = cases()[name]
    output = at.clone().requires_grad_()
    found = slope(make(output), output)
    assert found.abs().max() > 1e-3
    torch.testing.assert_close(found, numerical(lambda x: make(x).value, at), rtol=1e-6, atol=1e-8)


def test_no_loss_lacks_its_case() -> None:
    """Whatever of ``q_losses`` gives a term stands above."""
    terms = {name for name, it in vars(q_losses).items() if getattr(it, "__annotations__", {}).get("return") is Term}
    assert terms == {"mean", "squared_error", "mean_of_least", "entropy_to_hold"}


@pytest.mark.parametrize("kind", ["huber", "squared"])
def test_the_td_losss_derivative_is_the_numerical_one(kind: str) -> None:
    value, target = samples()[:2]
    expected = numerical(lambda x: td_loss(x, target, kind).sum(), value)
    torch.testing.assert_close(td_loss_gradient(value, target, kind), expected, rtol=1e-6, atol=1e-8)


def test_critics_errors_by_hand() -> None:
    q = torch.stack((t(1.0, 5.0), t(2.0, 3.0)))[..., None]
    assert float(squared_error(q, t(0.0, 4.0)).value) == pytest.approx((1 + 1) / 2 + (4 + 1) / 2)
    assert float(mean_of_least(q).value) == pytest.approx((1 + 3) / 2)
    assert float(mean(q).value) == pytest.approx(11 / 4)
    # Entropy is 1.5 where 2 is to be held: alpha has to rise, and log alpha is 0.3.
    assert float(entropy_to_hold(t(0.3)[0], t(-1.0, -2.0), 2.0).value) == pytest.approx(-0.3 * (-1.5 + 2.0))
