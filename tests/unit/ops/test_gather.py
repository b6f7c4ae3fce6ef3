"""Gathering against autograd's."""

import torch
from torch import Tensor

from palestra.ops.gather import gather
from palestra.ops.terms import Term, differentiate


def square(x: Tensor) -> Term:
    """sum x^2, with its derivative beside it."""
    return Term(lambda: x.square().sum(), (x, lambda: 2.0 * x))


def test_gathering_is_recorded_where_its_source_is() -> None:
    x, index = torch.randn(4, 3, generator=torch.Generator()).requires_grad_(), torch.tensor([[2], [0], [1], [1]])
    for squeeze in (False, True):
        found = gather(x, 1, index, squeeze)
        assert torch.equal(found, x.gather(1, index).squeeze(1) if squeeze else x.gather(1, index))
        (expected,) = torch.autograd.grad(x.gather(1, index).square().sum(), x)
        assert torch.equal(differentiate(square(found), lambda _: False).at[id(x)], expected)
    assert not gather(x.detach(), 1, index).requires_grad
