"""Adam over one flat vector against clip_grad_norm_ and torch.optim.Adam on the separate tensors."""

import copy
from itertools import cycle, islice

import pytest
import torch
from torch import Tensor, nn

from palestra.engine.state import capture, restore
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.mlp import MLP
from palestra.runs.codec import decode, encode


class Scale(nn.Module):
    """A parameter of no network, like the log standard deviation of a Gaussian policy."""

    def __init__(self) -> None:
        super().__init__()
        self.log_std = nn.Parameter(torch.tensor([0.1, -0.2]))


def make(seed: int = 0, depth: int = 2, dtype: torch.dtype = torch.float32) -> nn.ModuleList:
    rng = torch.Generator().manual_seed(seed)
    hidden = [8, 6, 7][: depth - 1]
    nets = [MLP([3, *hidden, 2], "tanh", rng), Scale(), MLP([3, *hidden, 1], "relu", rng)]
    return nn.ModuleList(nets).to(dtype)


NOBODY, POLICY, VALUE, BOTH, BACKWARDS = (), (0,), (2,), (0, 2), (2, 0)
WAYS = {"autograd": NOBODY, "policy": POLICY, "value": VALUE, "both": BOTH, "both, other way round": BACKWARDS}
"""Which of the modules are recorded."""


def loss_of(modules: nn.ModuleList, i: int, way: tuple[int, ...] = NOBODY) -> Tensor:
    """A loss on all parameters, as an actor-critic has it."""
    dtype = next(modules.parameters()).dtype
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(i)).to(dtype)
    recordings = {k: modules[k].record(x) for k in way}
    mean, value = (recordings[k] if k in way else modules[k](x) for k in (0, 2))
    z = (x[:, :2] - mean) * torch.exp(-modules[1].log_std)
    return (
        0.5 * z.square().mean()
        + modules[1].log_std.mean()
        + (value - x[:, :1]).square().mean()
        + 0.1 * (z * value).mean()
    )


def minimise(optimizer: ClippedAdam, modules: nn.ModuleList, i: int, way: tuple[int, ...] = BOTH) -> None:
    optimizer.descend(loss_of(modules, i, way))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_gradient_is_autograds_in_every_parameter(depth: int, way: tuple[int, ...]) -> None:
    ours, theirs = (make(depth=depth, dtype=torch.float64) for _ in range(2))
    optimizer = ClippedAdam(ours, 1e-2, 1e-5, 1e6)
    for i in range(3):  # what an earlier step left behind is written over
        theirs.zero_grad()
        loss_of(theirs, i).backward()
        expected = [p.grad.clone() for p in theirs.parameters()]
        minimise(optimizer, ours, i, way)
        for p, gradient in zip(ours.parameters(), expected, strict=True):
            assert float(gradient.abs().max()) > 1e-3
            torch.testing.assert_close(p.grad, gradient, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(optimizer.gradient, torch.cat([g.flatten() for g in expected]), rtol=0, atol=1e-12)
        theirs.load_state_dict(ours.state_dict())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("way", ["autograd", "both", "in turns"])
@pytest.mark.parametrize("max_grad_norm", [1e-3, 1.0, 1e6], ids=["always clipped", "sometimes", "never"])
def test_it_is_clip_grad_norm_and_adam(max_grad_norm: float, way: str, dtype: torch.dtype) -> None:
    ours, theirs = make(dtype=dtype), make(dtype=dtype)
    before = [p.detach().clone() for p in ours.parameters()]
    fast = ClippedAdam(ours, 1e-2, 1e-5, max_grad_norm)
    reference = torch.optim.Adam(theirs.parameters(), lr=1e-2, eps=1e-5)
    clipped = []
    for i, recorded in enumerate(islice(cycle(WAYS.values() if way == "in turns" else [WAYS[way]]), 60)):
        fast.learning_rate = reference.param_groups[0]["lr"] = 1e-2 * (1 - i / 100)
        minimise(fast, ours, i, recorded)
        reference.zero_grad()
        loss_of(theirs, i).backward()
        clipped.append(bool(nn.utils.clip_grad_norm_(theirs.parameters(), max_grad_norm) > max_grad_norm))
        reference.step()
    rtol, atol = (1e-4, 1e-6) if dtype == torch.float32 else (1e-12, 1e-12)
    for p, q, start in zip(ours.parameters(), theirs.parameters(), before, strict=True):
        assert float((p.detach() - start).abs().max()) > 1e-3
        torch.testing.assert_close(p, q, rtol=rtol, atol=atol)
    assert set(clipped) == {1e-3: {True}, 1.0: {True, False}, 1e6: {False}}[max_grad_norm]


@pytest.mark.parametrize("way", [NOBODY, BOTH], ids=["autograd", "recorded"])
def test_a_network_that_falls_out_of_the_loss_has_gradient_zero_and_coasts(way: tuple[int, ...]) -> None:
    ours, theirs = (make(dtype=torch.float64) for _ in range(2))
    optimizer = ClippedAdam(ours, 1e-2, 1e-5, 1.0)
    reference = torch.optim.Adam(theirs.parameters(), lr=1e-2, eps=1e-5)
    x = torch.ones(1, 3, dtype=torch.float64)
    for i in range(6):
        recordings = {k: ours[k].record(x) for k in way}
        out, value = (recordings[k] if k in way else ours[k](x) for k in (0, 2))
        optimizer.descend(out.sum() + value.sum() if i < 3 else out.sum())
        reference.zero_grad(set_to_none=False)
        (theirs[0](x).sum() + theirs[2](x).sum() if i < 3 else theirs[0](x).sum()).backward()
        for p in theirs.parameters():  # of the one that never was in the loss it is None, and Adam would skip it
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        reference.step()
    assert not any(p.grad.any() for p in [*ours[1].parameters(), *ours[2].parameters()])
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("way", [NOBODY, BOTH], ids=["autograd", "recorded"])
def test_what_never_was_in_the_loss_stays_as_it_is(way: tuple[int, ...]) -> None:
    modules = make()
    optimizer, before = ClippedAdam(modules, 1e-2, 1e-5, 1.0), copy.deepcopy(modules)
    x = torch.ones(1, 3)
    optimizer.descend((modules[0].record(x) if way else modules[0](x)).sum())
    for k in (1, 2):
        assert all(torch.equal(p, q) for p, q in zip(modules[k].parameters(), before[k].parameters(), strict=True))
    assert not torch.equal(modules[0].weights[0], before[0].weights[0])


def test_a_network_recorded_twice_is_refused_and_nothing_moves() -> None:
    modules = make()
    optimizer, before = ClippedAdam(modules, 1e-2, 1e-5, 1.0), copy.deepcopy(modules)
    x = torch.ones(1, 3)
    for _ in range(2):
        first, other, second = modules[0].record(x), modules[2].record(x), modules[0].record(2 * x)
        with pytest.raises(ValueError, match="recorded twice for one loss; call forward"):
            optimizer.descend((first + second + other).sum())
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), before.parameters(), strict=True))


def test_a_recording_used_again_is_an_error_and_not_a_wrong_gradient() -> None:
    modules = make()
    optimizer = ClippedAdam(modules, 1e-2, 1e-5, 1.0)
    out = modules[0].record(torch.ones(1, 3))
    optimizer.descend(out.sum())
    after = copy.deepcopy(modules)
    with pytest.raises(RuntimeError, match=r"gone back already.*record again"):
        optimizer.descend(out.square().sum())
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), after.parameters(), strict=True))


def test_a_network_recorded_and_called_is_refused_and_nothing_moves() -> None:
    modules = make()
    optimizer, before = ClippedAdam(modules, 1e-2, 1e-5, 1.0), copy.deepcopy(modules)
    x = torch.ones(1, 3)
    with pytest.raises(ValueError, match="both recorded and called for one loss; call forward alone"):
        optimizer.descend((modules[0].record(x) + modules[0](x)).sum())
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), before.parameters(), strict=True))


def test_a_loss_that_moves_nothing_is_refused() -> None:
    modules, strangers = make(), make()
    optimizer = ClippedAdam([modules[0]], 1e-2, 1e-5, 1.0)
    for loss in (modules[2].record(torch.ones(1, 3)).sum(), strangers[0](torch.ones(1, 3)).sum()):
        with pytest.raises(ValueError, match="nothing that this optimizer moves stands in the loss"):
            optimizer.descend(loss)
    with torch.no_grad(), pytest.raises(ValueError, match="made where gradients are off"):
        optimizer.descend(modules[0](torch.ones(1, 3)).sum())
    with torch.no_grad(), pytest.raises(ValueError, match="made where gradients are off"):
        optimizer.descend(modules[0].record(torch.ones(1, 3)).sum())


def test_what_another_optimizer_moves_is_passed_through_and_left_alone() -> None:
    ours, theirs = make(dtype=torch.float64), make(dtype=torch.float64)
    for recorded in (True, False):
        optimizer = ClippedAdam([ours[0]], 0.0, 1e-5, 1e6)
        ClippedAdam([ours[2]], 1e-2, 1e-5, 1.0)  # gives its parameters a grad, which stays zero
        actor, critic = (net.record if recorded else net.forward for net in (ours[0], ours[2]))
        x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        action = actor(x).tanh()  # autograd's part, between two passes by hand
        optimizer.descend(critic(torch.cat((action, x[:, :1]), 1)).square().sum())
        theirs.zero_grad()
        theirs[2](torch.cat((theirs[0](x).tanh(), x[:, :1]), 1)).square().sum().backward()
        for p, q in zip(ours[0].parameters(), theirs[0].parameters(), strict=True):
            assert float(q.grad.abs().max()) > 1e-6
            torch.testing.assert_close(p.grad, q.grad, rtol=1e-12, atol=1e-12)
        assert not any(p.grad.any() for p in ours[2].parameters())


def test_gradients_taken_away_are_an_error_and_not_an_old_gradient() -> None:
    modules = make()
    optimizer = ClippedAdam(modules, 1e-2, 1e-5, 1.0)
    minimise(optimizer, modules, 0)
    modules.zero_grad(set_to_none=False)  # does no harm
    minimise(optimizer, modules, 1)
    after = copy.deepcopy(modules)
    modules.zero_grad()
    with pytest.raises(RuntimeError, match=r"no grad to write into.*zero_grad takes it"):
        minimise(optimizer, modules, 2)
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), after.parameters(), strict=True))


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
    minimise(optimizer, modules, 0)
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), before.parameters(), strict=True))


@pytest.mark.parametrize("steps_before", [0, 5])
def test_it_goes_on_from_a_saved_state_as_if_nothing_had_happened(steps_before: int) -> None:
    modules, resumed = make(), make(seed=1)
    optimizer, other = ClippedAdam(modules, 1e-2, 1e-5, 0.5), ClippedAdam(resumed, 7.0, 1e-5, 0.5)
    minimise(other, resumed, 99)
    for i in range(steps_before):
        minimise(optimizer, modules, i)
    state = decode(*encode(capture(optimizer)))
    resumed.load_state_dict(copy.deepcopy(modules.state_dict()))
    restore(other, copy.deepcopy(state))
    for i in range(5):
        minimise(optimizer, modules, i)
        minimise(other, resumed, i)
    assert all(torch.equal(p, q) for p, q in zip(modules.parameters(), resumed.parameters(), strict=True))


def test_two_optimizers_loaded_from_one_state_stay_apart() -> None:
    first, second = make(), make()
    a, b = ClippedAdam(first, 1e-2, 1e-5, 0.5), ClippedAdam(second, 1e-2, 1e-5, 0.5)
    minimise(a, first, 0)
    second.load_state_dict(first.state_dict())
    restore(b, capture(a))
    before = copy.deepcopy(capture(b))
    minimise(a, first, 1)
    tensors = [key for key, value in before.items() if isinstance(value, Tensor)]
    assert len(tensors) == 3
    assert all(torch.equal(capture(b)[key], before[key]) for key in tensors)
    assert not any(torch.equal(capture(a)[key], before[key]) for key in tensors)
