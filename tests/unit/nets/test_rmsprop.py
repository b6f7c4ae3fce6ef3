"""RMSprop over one flat vector, by hand."""

import copy

import pytest
import torch
from torch import nn

from palestra.engine.state import capture, restore
from palestra.nets.mlp import MLP
from palestra.nets.rmsprop import ClippedRMSprop
from palestra.runs.codec import decode, encode


def make(seed: int = 0) -> nn.ModuleList:
    rng = torch.Generator().manual_seed(seed)
    return nn.ModuleList([MLP([3, 6, 2], "tanh", rng), MLP([3, 6, 1], "relu", rng)])


def minimise(optimizer: ClippedRMSprop, modules: nn.ModuleList, i: int) -> None:
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(i))
    policy, value = (module.record(x) for module in modules)
    optimizer.descend(policy.square().mean() + (policy * value).mean() + (value - x[:, :1]).square().mean())


def test_rmsprop_by_hand() -> None:
    # Mean of squares 1, then 0.99 + 0.01 g^2; eps under the root. Gradient (3, 4) has norm 5, scaled down to 1.
    module = nn.Module()
    module.x = nn.Parameter(torch.tensor([1.0, 1.0], dtype=torch.float64))
    optimizer = ClippedRMSprop([module], learning_rate=0.1, eps=0.5, max_grad_norm=1.0)
    optimizer.descend((module.x * torch.tensor([3.0, 4.0])).sum())
    squares = [0.99 + 0.01 * 0.6**2, 0.99 + 0.01 * 0.8**2]
    expected = [1 - 0.1 * g / (s + 0.5) ** 0.5 for g, s in zip((0.6, 0.8), squares, strict=True)]
    assert module.x.tolist() == pytest.approx(expected, rel=1e-5)  # clipping adds 1e-6 to the norm
    assert optimizer.square.tolist() == pytest.approx(squares, rel=1e-5)


def test_rmsprop_goes_on_from_a_saved_state() -> None:
    modules, resumed = make(), make(seed=1)
    optimizer, other = ClippedRMSprop(modules, 1e-2, 1e-5, 0.5), ClippedRMSprop(resumed, 7.0, 1e-5, 0.5)
    for i in range(3):
        minimise(optimizer, modules, i)
    resumed.load_state_dict(copy.deepcopy(modules.state_dict()))
    restore(other, decode(*encode(capture(optimizer))))
    minimise(optimizer, modules, 3)
    minimise(other, resumed, 3)
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), resumed.parameters(), strict=True))
