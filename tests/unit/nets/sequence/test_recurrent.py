"""Memories against PyTorch's own, episode by episode, and the gradient through time against a plain loop."""

from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from palestra.nets.adam import ClippedAdam
from palestra.nets.sequence.recurrent import Cell, Memory, RecurrentNetwork

CELLS = get_args(Cell)
STEPS, COPIES, FEATURES, SIZE = 9, 4, 3, 5
EVERY = pytest.mark.parametrize("cell", CELLS)


def memory(cell: Any) -> Memory:
    """One whose biases are not what they begin with."""
    made = Memory(cell, FEATURES, SIZE, torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in made.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=rng))
    return made


def shown(begins: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """What is shown, what was remembered (twice as much as a GRU's), and where episodes begin, at a first step too."""
    rng = torch.Generator().manual_seed(2)
    x = torch.randn(STEPS, COPIES, FEATURES, generator=rng)
    state = torch.randn(COPIES, 2 * SIZE, generator=rng)
    starts = torch.rand(STEPS, COPIES, generator=rng) < 0.3
    starts[:, 0], starts[0, 1], starts[0, 2] = False, True, False  # one copy has no beginning
    return x, state, starts & begins


def theirs(made: Memory) -> nn.Module:
    """PyTorch's layer with the same weights."""
    layer = (nn.GRU if made.cell == "gru" else nn.LSTM)(FEATURES, SIZE)
    with torch.no_grad():
        for ours, p in zip(made.weights, layer.parameters(), strict=True):
            p.copy_(ours)
    return layer


def episode_by_episode(made: Memory, x: Tensor, state: Tensor, begins: Tensor) -> Tensor:
    """(T, E, K) what PyTorch's layer lets out, called once for every episode of every copy."""
    layer, columns = theirs(made), []
    for copy in range(COPIES):
        starts = sorted({0, *begins[:, copy].nonzero().flatten().tolist()})
        pieces = []
        for start, end in zip(starts, [*starts[1:], STEPS]):
            first = state[None, copy : copy + 1] * ~begins[start, copy]
            hidden = first if made.cell == "gru" else tuple(part.contiguous() for part in first.split(SIZE, 2))
            pieces.append(layer(x[start:end, copy : copy + 1], hidden)[0])
        columns.append(torch.cat(pieces))
    return torch.cat(columns, 1)


@pytest.mark.parametrize("begins", [True, False], ids=["episodes", "one piece"])
@EVERY
def test_both_ways_are_pytorchs_layer_called_for_each_episode(cell: Any, begins: bool) -> None:
    made = memory(cell)
    x, state, starts = shown(begins)
    state = state[:, : made.state_size]
    expected = episode_by_episode(made, x, state, starts)
    unrolled = made.unroll(x, state, starts)
    torch.testing.assert_close(unrolled[..., :SIZE], expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(made.let_out(x, state, starts), expected, rtol=0, atol=1e-6)
    with torch.no_grad():
        torch.testing.assert_close(made.let_out(x, state, starts), expected, rtol=0, atol=1e-6)
        # It does matter what was remembered and where episodes begin.
        assert float((made.let_out(x, 0 * state, starts) - expected).abs().max()) > 0.1
        if begins:
            assert float((made.let_out(x, state, starts & False) - expected).abs().max()) > 0.1


def test_an_lstm_remembers_its_cell() -> None:
    made = memory("lstm")
    x, state, starts = shown(begins=False)
    _, (h, c) = theirs(made)(x, tuple(part.contiguous()[None] for part in state.split(SIZE, 1)))
    torch.testing.assert_close(made.unroll(x, state, starts)[-1], torch.cat((h[0], c[0]), 1), rtol=0, atol=1e-6)


@EVERY
def test_a_step_is_the_formula(cell: Any) -> None:
    made = memory(cell).double()
    x, state, _ = (part.double() for part in shown())
    x, state = x[0], state[:, : made.state_size]
    given = x @ made.weight_input.T + made.bias_input
    remembered = state[:, :SIZE] @ made.weight_hidden.T + made.bias_hidden
    if cell == "gru":
        (r, z, n), (ur, uz, un) = given.chunk(3, 1), remembered.chunk(3, 1)
        r, z = (r + ur).sigmoid(), (z + uz).sigmoid()
        expected = (1 - z) * (n + r * un).tanh() + z * state
    else:
        i, f, g, o = (given + remembered).chunk(4, 1)
        cell_now = f.sigmoid() * state[:, SIZE:] + i.sigmoid() * g.tanh()
        expected = torch.cat((o.sigmoid() * cell_now.tanh(), cell_now), 1)
    torch.testing.assert_close(made.step(x, state), expected)


def network(cell: Any) -> RecurrentNetwork:
    return RecurrentNetwork(cell, FEATURES, SIZE, (6,), 2, "tanh", torch.Generator().manual_seed(0), 1.0)


@EVERY
def test_a_sequence_says_what_its_steps_say(cell: Any) -> None:
    made = network(cell)
    x, state, begins = shown()
    state = state[:, : made.memory.state_size]
    said, now = [], state
    for t in range(STEPS):
        out, now = made.step(x[t], now * ~begins[t, :, None])
        said.append(out)
    out = made(x.flatten(0, 1), state, begins)
    assert out.shape == (STEPS * COPIES, 2)
    torch.testing.assert_close(out, torch.cat(said), rtol=0, atol=1e-6)
    assert made.start(3).shape == (3, made.memory.state_size)
    assert not made.start(3).any()


@EVERY
def test_the_gradient_goes_back_through_time_as_through_a_plain_loop(cell: Any) -> None:
    made = network(cell).double()
    optimizer = ClippedAdam([made], 1e-3)
    x, state, begins = shown()
    x, state = x.double(), state[:, : made.memory.state_size].double()
    weight = torch.randn(STEPS * COPIES, 2, generator=torch.Generator().manual_seed(3)).double()
    optimizer.step = lambda: None  # type: ignore[method-assign]  # the gradient is all that is looked at
    optimizer.descend((made.record(x.flatten(0, 1), state, begins) * weight).sum())
    found = [p.grad.clone() for p in made.parameters()]
    out, now = [], state
    for t in range(STEPS):
        now = made.memory.step(x[t], now * ~begins[t, :, None])
        out.append(made.said(now))
    expected = torch.autograd.grad((torch.cat(out) * weight).sum(), list(made.parameters()))
    for ours, plain in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-9, atol=1e-9)
        assert ours.abs().max() > 1e-3


@EVERY
def test_no_gradient_crosses_the_beginning_of_an_episode(cell: Any) -> None:
    made = memory(cell)
    x, state, begins = shown()
    x.requires_grad_()
    out = made.let_out(x, state[:, : made.state_size], begins)
    (by,) = torch.autograd.grad(out[-1].sum(), x)
    for copy in range(COPIES):
        since = max([0, *begins[:, copy].nonzero().flatten().tolist()])
        assert not by[:since, copy].any()
        assert (by[since:, copy] != 0).any(1).all()


@EVERY
def test_it_begins_by_remembering_with_orthogonal_blocks(cell: Any) -> None:
    made = Memory(cell, FEATURES, SIZE, torch.Generator().manual_seed(0), span=9)
    opens, keeps, *rest = made.bias_input.detach().split(SIZE)
    # Of what it holds a share of 1 - 1 / (1 + t) is left after a step, for t from 1 to 9.
    torch.testing.assert_close(1 - keeps.sigmoid(), 1 / (1 + torch.linspace(1, 9, SIZE)))
    torch.testing.assert_close(opens, -keeps if cell == "lstm" else 0 * keeps)
    assert not torch.cat((*rest, made.bias_hidden.detach())).any()
    for block in made.weight_hidden.detach().split(SIZE):
        torch.testing.assert_close(block @ block.T, torch.eye(SIZE), rtol=0, atol=1e-5)
