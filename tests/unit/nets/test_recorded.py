"""Every network that can be recorded: its outputs and all derivatives are those of autograd through ``forward``."""

import inspect
from collections.abc import Callable

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.envs.spaces import Packed
from palestra.nets.adam import ClippedAdam
from palestra.nets.encoders import ConvEncoder, FlatEncoder, PackedEncoder, narrow
from palestra.nets.ensemble import Ensemble
from palestra.nets.film import FilmMLP
from palestra.nets.mlp import MLP
from palestra.nets.noisy import NoisyMLP
from palestra.nets.normed_mlp import NormedMLP
from palestra.nets.own import OwnEncoder, OwnEnsemble, OwnNetwork
from palestra.nets.q_network import QNetwork
from palestra.nets.recorded import Recorded, updating
from palestra.nets.sequence.recurrent import Memory, RecurrentNetwork
from palestra.ops.terms import Term, differentiate


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=rng(), dtype=dtype)


def q_network() -> tuple[Recorded, tuple[Tensor, ...]]:
    net = QNetwork([4, 8, 6], 3, 2, "tanh", rng(), "mean", 0.5)
    return net, (draw(9, 4), net.draw_noise(1, rng()).double())


def layers(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, outputs))


IMAGE = spaces.Box(0, 255, (2, 24, 24), np.uint8)
BYTES = torch.randint(256, (5, 2, 24, 24), dtype=torch.uint8, generator=rng())
PARTS = Packed({"eye": IMAGE, "body": spaces.Box(-1.0, 1.0, (3,), np.float32)})
PACKED = torch.cat((BYTES.flatten(1), draw(5, 3).float().view(torch.uint8)), 1)
NETS: dict[str, Callable[[], tuple[Recorded, tuple[Tensor, ...]]]] = {
    "mlp": lambda: (MLP([4, 8, 6, 2], "tanh", rng()), (draw(9, 4),)),
    "mlp, relu": lambda: (MLP([4, 8, 2], "relu", rng()), (draw(9, 4),)),
    "film": lambda: (FilmMLP([4, 8, 6, 2], 3, 5, rng()), (draw(9, 4), draw(9, 3))),
    "normed": lambda: (NormedMLP([4, 8, 6, 2], rng()), (draw(9, 4),)),
    "ensemble": lambda: (Ensemble(2, [4, 8, 8, 1], rng()), (draw(2, 9, 4, dtype=torch.float32),)),
    "one network": lambda: (Ensemble(1, [4, 8, 3], rng()), (draw(9, 4, dtype=torch.float32),)),
    "noisy": lambda: (NoisyMLP([4, 8, 2], "relu", rng(), 0.5), (draw(9, 4), draw(9, 4 + 8 + 8 + 2))),
    "dueling and noisy": q_network,
    "encoder": lambda: (ConvEncoder(IMAGE, rng(), narrow(4, 6)), (BYTES,)),
    "encoder of parts": lambda: (PackedEncoder(PARTS, rng(), narrow(4, 6)), (PACKED,)),
    "somebody's own": lambda: (OwnNetwork(layers(4, 2)), (draw(9, 4),)),
    "somebody's own ensemble": lambda: (OwnEnsemble([layers(4, 2), layers(4, 2)]), (draw(2, 9, 4),)),
    "somebody's own encoder": lambda: (
        OwnEncoder(IMAGE, nn.Sequential(nn.Flatten(), *layers(2 * 24 * 24, 6))),
        (BYTES,),
    ),
}
EACH = pytest.mark.parametrize("make", NETS.values(), ids=NETS)


def test_every_kind_is_tried() -> None:
    kinds, todo = set(), [Recorded]
    while todo:
        todo += (more := todo.pop().__subclasses__())
        kinds |= {kind for kind in more if kind.__module__.startswith("palestra.") and not inspect.isabstract(kind)}
    # Flat encoders have no weights to learn; memories are held against PyTorch's own (``sequence/test_recurrent.py``).
    kinds -= {FlatEncoder, Memory, RecurrentNetwork}
    assert {type(make()[0]) for make in NETS.values()} == kinds


def prepared(make: Callable[[], tuple[Recorded, tuple[Tensor, ...]]]) -> tuple[Recorded, tuple[Tensor, ...]]:
    net, inputs = make()
    if inputs[0].dtype is torch.float64:  # encoders and ensembles know float32 alone
        net.double()
    ClippedAdam([net], 1e-3)  # gives every parameter a grad to write into
    for p in net.parameters():
        p.grad.fill_(7.0)  # to be written over
    return net, inputs


@EACH
@pytest.mark.parametrize("learn", [True, False])
@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad])
def test_recorded_is_forward_in_outputs_and_derivatives(make, learn: bool, mode: Callable) -> None:
    net, (x, *more) = prepared(make)
    tracked = x.is_floating_point()
    x = x.requires_grad_() if tracked else x
    out = net(x, *more)
    to_out = torch.randn(out.shape, generator=rng()).to(out.dtype)
    leaves = [*net.parameters(), *([x] if tracked else [])]
    expected = torch.autograd.grad(out, leaves, to_out)
    with mode():
        recorded = net.record(x, *more)
    rtol, atol = (1e-10, 1e-12) if out.dtype is torch.float64 else (1e-4, 1e-6)
    torch.testing.assert_close(recorded.detach(), out.detach())
    assert recorded.is_leaf
    assert recorded.requires_grad
    found = differentiate(Term(lambda: 0.0, (recorded, lambda: to_out)), lambda owner: learn and owner is net)
    assert found.learned == [net] * learn
    for p, gradient in zip(net.parameters(), expected):
        wanted = gradient if learn else torch.full_like(p, 7.0)
        torch.testing.assert_close(p.grad, wanted, rtol=rtol, atol=atol)
    assert list(found.at) == [id(x)] * tracked
    if tracked:
        torch.testing.assert_close(found.at[id(x)], expected[-1], rtol=rtol, atol=atol)


@EACH
def test_an_update_without_autograd_is_the_same_to_the_bit(make) -> None:
    moved = []
    for mode in (lambda _: torch.no_grad(), updating):
        torch.manual_seed(0)  # somebody's own are drawn by it
        net, inputs = prepared(make)
        optimizer = ClippedAdam([net], 1e-2, max_grad_norm=0.1)
        with mode(net):
            assert torch.is_inference_mode_enabled() == (mode is updating and net.by_hand)
            out = net.record(*inputs)
            optimizer.descend(Term(lambda: 0.0, (out, lambda out=out: out.detach() + 1.0)))
        assert not any(x.is_inference() for x in (optimizer.flat, optimizer.gradient, optimizer.mean))
        moved.append(optimizer.flat)
    assert torch.equal(*moved)


def test_one_network_that_needs_autograd_keeps_it() -> None:
    fast, flat = MLP([4, 2], "relu", rng()), FlatEncoder(spaces.Box(-1.0, 1.0, (4,)))
    with updating(fast, flat):
        assert torch.is_inference_mode_enabled()
    with updating(fast, q_network()[0]):
        assert not torch.is_inference_mode_enabled()
        assert not torch.is_grad_enabled()


@EACH
def test_a_pass_without_a_place_for_gradients_says_so(make) -> None:
    net, inputs = prepared(make)
    out = net.record(*inputs)
    net.zero_grad()
    with pytest.raises(RuntimeError, match="no grad to write into"):
        differentiate(out.sum(), lambda _: True)
