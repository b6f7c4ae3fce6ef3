"""Losses of critics and of what climbs them by hand, and their derivatives by numerical differences of their values."""

from collections.abc import Callable

import pytest
import torch
from derivatives import numerical, samples, slope
from torch import Tensor

from palestra.ops import critic_losses
from palestra.ops.critic_losses import entropy_to_hold, mean, mean_of_least, squared_distance, squared_error
from palestra.ops.terms import Term


def t(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_they_are_their_equations_by_hand() -> None:
    q = torch.stack((t(1.0, 5.0), t(2.0, 3.0)))[..., None]
    assert float(squared_error(q, t(0.0, 4.0)).value) == pytest.approx((1 + 1) / 2 + (4 + 1) / 2)
    assert float(mean_of_least(q).value) == pytest.approx((1 + 3) / 2)
    assert float(mean(q).value) == pytest.approx(11 / 4)
    assert float(squared_distance(q[..., 0], torch.ones(2, 2)).value) == pytest.approx((0 + 16 + 1 + 4) / 4)
    # Entropy is 1.5 where 2 is to be held: alpha has to rise, and log alpha is 0.3.
    assert float(entropy_to_hold(t(0.3)[0], t(-1.0, -2.0), 2.0).value) == pytest.approx(-0.3 * (-1.5 + 2.0))


def test_a_column_never_meets_a_row() -> None:
    row, column = torch.zeros(4), torch.zeros(4, 1)
    for call in (
        lambda: squared_error(column[None], column),
        lambda: entropy_to_hold(torch.tensor(0.0), column, 1.0),
    ):
        with pytest.raises(ValueError, match=r"has shape \(4, 1\); expected 1 dimension"):
            call()
    for call in (lambda: squared_error(column, row), lambda: mean_of_least(column)):
        with pytest.raises(ValueError, match=r"has shape .*; expected 3 dimensions"):
            call()
    for call in (
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
        "squared_error": (lambda x: squared_error(x, c), q),
        "mean_of_least": (mean_of_least, q),
        "squared_distance": (lambda x: squared_distance(x, torch.stack((c, d))), torch.stack((a, b))),
        "entropy_to_hold": (lambda x: entropy_to_hold(x, a, 0.7), d[0]),
    }


@pytest.mark.parametrize("name", cases())
def test_every_derivative_is_the_numerical_one(name: str) -> None:
    make, at = cases()[name]
    output = at.clone().requires_grad_()
    found = slope(make(output), output)
    assert found.abs().max() > 1e-3
    torch.testing.assert_close(found, numerical(lambda x: make(x).value, at), rtol=1e-6, atol=1e-8)


def test_no_loss_lacks_its_case() -> None:
    """Whatever of ``critic_losses`` gives a term stands above."""
    made = vars(critic_losses).items()
    assert set(cases()) == {name for name, it in made if getattr(it, "__annotations__", {}).get("return") is Term}
