"""Adam over one flat vector against clip_grad_norm_ and torch.optim.Adam on the separate tensors."""

import copy

import pytest
import torch
from torch import Tensor, nn

from palestra.nets.mlp import MLP
from palestra.nets.optimiser import ClippedAdam, flatten_parameters
from palestra.runs.codec import decode, encode


def make(seed: int = 0) -> nn.ModuleList:
    rng = torch.Generator().manual_seed(seed)
    return nn.ModuleList([MLP([3, 8, 2], "tanh", rng), MLP([3, 5, 1], "relu", rng)])


def loss_of(modules: nn.ModuleList, i: int, scale: float = 1.0) -> Tensor:
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(i))
    return scale * (modules[0].plain(x).square().mean() + (modules[1].plain(x) - x[:, :1]).square().mean())


@pytest.mark.parametrize("max_grad_norm", [1e-3, 0.5, 1e6], ids=["always clipped", "sometimes", "never"])
def test_it_is_clip_grad_norm_and_adam(max_grad_norm: float) -> None:
    ours, theirs = make(), make()
    fast = ClippedAdam(ours, 1e-2, 1e-5, max_grad_norm)
    reference = torch.optim.Adam(theirs.parameters(), lr=1e-2, eps=1e-5)
    for i in range(30):
        fast.minimise(loss_of(ours, i))
        reference.zero_grad()
        loss_of(theirs, i).backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), max_grad_norm)
        reference.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-6)


def test_a_parameter_outside_the_loss_has_gradient_zero() -> None:
    modules = make()
    optimizer, before = ClippedAdam(modules, 1e-2, 1e-5, 1.0), copy.deepcopy(modules)
    optimizer.minimise(modules[0].plain(torch.ones(1, 3)).sum())
    assert all(torch.equal(p, q) for p, q in zip(modules[1].parameters(), before[1].parameters(), strict=True))
    assert not torch.equal(modules[0].weights[0], before[0].weights[0])


def test_parameters_are_views_of_the_vector_and_keep_their_values() -> None:
    modules = make()
    before = [p.detach().clone() for p in modules.parameters()]
    flat = flatten_parameters(modules)
    assert torch.equal(flat, torch.cat([p.flatten() for p in before]))
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), before, strict=True))
    flat.zero_()
    assert not any(p.any() for p in modules.parameters())
    modules.load_state_dict(make().state_dict())  # copies into the views
    assert torch.equal(flat, torch.cat([p.flatten() for p in before]))


def test_the_learning_rate_can_move() -> None:
    modules = make()
    optimizer, before = ClippedAdam(modules, 1e-2, 1e-5, 1.0), copy.deepcopy(modules)
    assert optimizer.learning_rate == 1e-2
    optimizer.learning_rate = 0.0
    optimizer.minimise(loss_of(modules, 0))
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), before.parameters(), strict=True))


@pytest.mark.parametrize("steps_before", [0, 5])
def test_it_goes_on_from_a_saved_state_as_if_nothing_had_happened(steps_before: int) -> None:
    modules, resumed = make(), make(seed=1)
    optimizer, other = ClippedAdam(modules, 1e-2, 1e-5, 0.5), ClippedAdam(resumed, 7.0, 1e-5, 0.5)
    for i in range(steps_before):
        optimizer.minimise(loss_of(modules, i))
    state = decode(*encode(optimizer.state_dict()))
    resumed.load_state_dict(copy.deepcopy(modules.state_dict()))
    other.load_state_dict(copy.deepcopy(state))
    for i in range(5):
        optimizer.minimise(loss_of(modules, i))
        other.minimise(loss_of(resumed, i))
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), resumed.parameters(), strict=True))


def test_two_optimisers_loaded_from_one_state_stay_apart() -> None:
    first, second = make(), make()
    a, b = ClippedAdam(first, 1e-2, 1e-5, 0.5), ClippedAdam(second, 1e-2, 1e-5, 0.5)
    a.minimise(loss_of(first, 0))
    second.load_state_dict(first.state_dict())
    b.load_state_dict(a.state_dict())
    before = copy.deepcopy(b.state_dict())
    a.minimise(loss_of(first, 1))
    assert all(torch.equal(x, y) for x, y in zip(b.state_dict().values(), before.values()) if isinstance(x, Tensor))
