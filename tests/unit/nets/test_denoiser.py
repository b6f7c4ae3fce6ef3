"""The network that tells noise against its formula written out, and what it may not depend on."""

import math

import torch
from torch import Tensor

from palestra.nets.denoiser import WAVES, denoiser, waves

K, F, WIDTH = 6, 3, 8


def inputs(rows: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(1)
    return (
        torch.randn(rows, K, generator=rng), torch.randint(50, (rows,), generator=rng),
        torch.randn(rows, F, generator=rng),
    )  # fmt: skip


def test_levels_become_waves() -> None:
    made = waves(torch.tensor([0, 3]))
    rates = [10_000 ** (-i / (WAVES // 2 - 1)) for i in range(WAVES // 2)]
    expected = [[f(level * rate) for f in (math.sin, math.cos) for rate in rates] for level in (0, 3)]
    torch.testing.assert_close(made, torch.tensor(expected), rtol=0, atol=1e-5)


def test_it_is_its_formula_written_out() -> None:
    net = denoiser(torch.Generator().manual_seed(0), K, F, WIDTH, 2)
    x, level, seen = inputs()
    place = dict(net.named_parameters())

    def linear(name: str, row: Tensor) -> Tensor:
        return place[f"{name}.weight"] @ row + place[f"{name}.bias"]

    def norm(name: str, row: Tensor) -> Tensor:
        row = (row - row.mean()) / (row.var(unbiased=False) + 1e-5).sqrt()
        return row * place[f"{name}.weight"] + place[f"{name}.bias"]

    def silu(row: Tensor) -> Tensor:
        return row * row.sigmoid()

    for b in range(len(x)):
        condition = torch.cat((waves(level[b : b + 1])[0], seen[b]))
        condition = silu(linear("condition.2", silu(linear("condition.0", condition))))
        h = linear("first", x[b])
        for block in ("blocks.0", "blocks.1"):
            film = linear(f"{block}.film", condition)
            inside = (1 + film[:WIDTH]) * linear(f"{block}.into", norm(f"{block}.norm", h)) + film[WIDTH:]
            h = h + linear(f"{block}.out", silu(inside))
        expected = linear("last", silu(norm("norm", h)))
        torch.testing.assert_close(net(x, level, seen)[b], expected, rtol=1e-4, atol=1e-5)


def test_the_generator_alone_decides_and_everything_matters() -> None:
    one, same, other = (denoiser(torch.Generator().manual_seed(seed), K, F, WIDTH, 1) for seed in (0, 0, 1))
    x, level, seen = inputs()
    assert torch.equal(one(x, level, seen), same(x, level, seen))
    assert not torch.equal(one(x, level, seen), other(x, level, seen))
    for changed in ((x + 1, level, seen), (x, level + 1, seen), (x, level, seen + 1)):
        assert (one(*changed) - one(x, level, seen)).abs().max() > 1e-3
    one(x, level, seen).sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in one.parameters())
