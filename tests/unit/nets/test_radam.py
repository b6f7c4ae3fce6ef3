"""RAdam over one flat vector against clip_grad_norm_ and torch.optim.RAdam on the separate tensors."""

import math

import pytest
import torch
from torch import nn

from palestra.engine.state import capture, restore
from palestra.nets.mlp import MLP
from palestra.nets.radam import ClippedRAdam


def make() -> MLP:
    return MLP([3, 8, 2], "tanh", torch.Generator().manual_seed(0))


def loss(net: nn.Module, i: int) -> torch.Tensor:
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(i))
    return (net(x) - x[:, :2].sin()).square().mean() * 10


@pytest.mark.parametrize("max_grad_norm", [0.5, math.inf])
def test_it_is_pytorchs(max_grad_norm: float) -> None:
    ours, theirs = make(), make()
    optimizer = ClippedRAdam([ours], 1e-2, 1e-5, max_grad_norm)
    peer = torch.optim.RAdam(theirs.parameters(), 1e-2, eps=1e-5)
    for i in range(20):  # the first five are not rectified
        optimizer.descend(loss(ours, i))
        peer.zero_grad()
        loss(theirs, i).backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), max_grad_norm)
        peer.step()
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-5, atol=1e-6)


def test_it_goes_on_exactly_from_a_saved_state() -> None:
    nets = [make(), make()]
    optimizers = [ClippedRAdam([net], 1e-2) for net in nets]
    for i in range(7):
        optimizers[0].descend(loss(nets[0], i))
    nets[1].load_state_dict(nets[0].state_dict())
    restore(optimizers[1], capture(optimizers[0]))
    for net, optimizer in zip(nets, optimizers, strict=True):
        optimizer.descend(loss(net, 7))
    assert all(torch.equal(p, q) for p, q in zip(nets[0].parameters(), nets[1].parameters(), strict=True))
