"""Dueling networks in the rows of a matrix: each gives, and learns, what the Q network with its parameters does."""

import pytest
import torch

from palestra.nets.adam import flatten_parameters
from palestra.nets.mlp import Activation
from palestra.nets.q_network import QNetwork
from palestra.nets.stacked_dueling import StackedDueling
from palestra.ops.dueling import Dueling

SIZES = {"a trunk": [4, 9, 6], "a deep trunk": [3, 8, 7, 5], "streams alone": [4, 6], "one layer": [5]}


@pytest.mark.parametrize("tied", [False, True], ids=["", "tied"])
@pytest.mark.parametrize("form", ["mean", "max"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_each_row_is_its_network(sizes: list[int], activation: Activation, form: Dueling, tied: bool) -> None:
    """Tied advantages share what the largest of them gets."""
    rng = torch.Generator().manual_seed(0)
    networks = [QNetwork(sizes, 3, 1, activation, rng, form, None) for _ in range(2)]
    if tied:
        for q in networks:
            for p in q.advantage.parameters():
                p.data.zero_()
    flat_MD = torch.stack([flatten_parameters([q]) for q in networks])
    gradient_MD = torch.zeros_like(flat_MD)
    stacked = StackedDueling(networks[0], list(networks[0].parameters()), flat_MD, gradient_MD)
    x_MBF = torch.randn(2, 11, sizes[0], generator=rng)
    to_MBA = torch.randn(2, 11, 3, generator=rng)
    *given, out_MBA = stacked.forward(x_MBF)
    assert torch.equal(stacked(x_MBF), out_MBA)
    stacked.back(given, to_MBA)
    for m, q in enumerate(networks):
        out_BA = q(x_MBF[m])
        torch.testing.assert_close(out_MBA[m], out_BA.detach(), rtol=1e-5, atol=1e-6)
        by_parameter = torch.autograd.grad(out_BA, list(q.parameters()), to_MBA[m])
        expected = torch.cat([each.flatten() for each in by_parameter])
        torch.testing.assert_close(gradient_MD[m], expected, rtol=1e-4, atol=1e-5)
