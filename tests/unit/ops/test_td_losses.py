"""Errors of action values by hand, and their derivatives by numerical differences."""

import pytest
import torch
from derivatives import numerical, samples

from palestra.ops.td_losses import td_loss, td_loss_gradient


def t(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_td_loss_by_hand() -> None:
    value, target = t(0.0, 1.0, 4.0), t(0.5, 1.0, 1.0)
    assert td_loss(value, target, "squared").tolist() == pytest.approx([0.25, 0, 9])
    # Huber with threshold 1: e^2/2 inside, |e| - 1/2 outside.
    assert td_loss(value, target, "huber").tolist() == pytest.approx([0.125, 0, 2.5])
    with pytest.raises(ValueError, match="loss kind 'absolute'; expected 'huber' or 'squared'"):
        td_loss(value, target, "absolute")


def test_a_column_never_meets_a_row() -> None:
    row, column = torch.zeros(4), torch.zeros(4, 1)
    with pytest.raises(ValueError, match=r"has shape \(4, 1\); expected 1 dimension"):
        td_loss(row, column, "huber")
    with pytest.raises(ValueError, match="shapes differ"):
        td_loss(row, torch.zeros(5), "squared")


@pytest.mark.parametrize("kind", ["huber", "squared"])
def test_the_td_losss_derivative_is_the_numerical_one(kind: str) -> None:
    value, target = samples()[:2]
    expected = numerical(lambda x: td_loss(x, target, kind).sum(), value)
    torch.testing.assert_close(td_loss_gradient(value, target, kind), expected, rtol=1e-6, atol=1e-8)
