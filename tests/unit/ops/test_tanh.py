"""The way back from tanh against autograd's."""

import torch

from palestra.ops.tanh import record_tanh
from palestra.ops.terms import Term, differentiate


def test_a_recorded_tanh_goes_back_to_the_outputs() -> None:
    rng = torch.Generator().manual_seed(0)
    out, to_action = (
        torch.randn(1, 16, 2, generator=rng, dtype=torch.float64),
        torch.randn(16, 2, generator=rng, dtype=torch.float64),
    )
    out.requires_grad_()
    (expected,) = torch.autograd.grad((out[0].tanh() * to_action).sum(), out)
    action = record_tanh(out)
    torch.testing.assert_close(action, out[0].tanh())
    found = differentiate(Term(lambda: 0.0, (action, lambda: to_action)), lambda _: False).at[id(out)]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
