"""Networks in the rows of a matrix: each gives, and learns, what the MLP with its parameters does."""

import pytest
import torch

from palestra.nets.adam import flatten_parameters
from palestra.nets.mlp import MLP, Activation
from palestra.nets.stacked import Stacked
from palestra.ops.terms import Term, differentiate

SIZES = {"one output": [4, 7, 6, 1], "two outputs": [4, 64, 64, 2], "one feature": [1, 5, 20], "one layer": [3, 2]}


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_each_row_is_its_mlp(sizes: list[int], activation: Activation) -> None:
    rng = torch.Generator().manual_seed(0)
    pairs = [(MLP(sizes, activation, rng), MLP([2, 3], activation, rng)) for _ in range(3)]  # another stands beside it
    flat_MD = torch.stack([flatten_parameters((other, mlp)) for mlp, other in pairs])
    gradient_MD = torch.zeros_like(flat_MD)
    first, beside = pairs[0]
    stacked = Stacked(first, [*beside.parameters(), *first.parameters()], flat_MD, gradient_MD)
    x_MBF = torch.randn(3, 11, sizes[0], generator=rng)
    to_MBK = torch.randn(3, 11, sizes[-1], generator=rng)
    *given, out_MBK = stacked.forward(x_MBF)
    assert torch.equal(stacked(x_MBF), out_MBK)
    stacked.back(given, to_MBK)
    for m, (mlp, other) in enumerate(pairs):
        for p in (*mlp.parameters(), *other.parameters()):
            p.grad = torch.zeros_like(p)
        out_BK = mlp.record(x_MBF[m])
        torch.testing.assert_close(out_MBK[m], out_BK.detach(), rtol=1e-5, atol=1e-6)
        slope_BK = to_MBK[m]
        differentiate(Term(lambda: 0.0, (out_BK, lambda slope_BK=slope_BK: slope_BK)), lambda owner: True)
        expected = torch.cat([p.grad.flatten() for p in (*other.parameters(), *mlp.parameters()) if p.grad is not None])
        torch.testing.assert_close(gradient_MD[m], expected, rtol=1e-4, atol=1e-5)
