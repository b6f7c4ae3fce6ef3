"""The network that a condition changes from within: its formula written out, and what its loss says of its inputs."""

import torch
from torch import Tensor

from palestra.nets.film import FilmMLP
from palestra.ops.terms import Term, differentiate

K, C, SIZES, WIDTH = 3, 4, [3, 6, 5, 2], 7


def made(seed: int = 0) -> FilmMLP:
    return FilmMLP(SIZES, C, WIDTH, torch.Generator().manual_seed(seed))


def inputs(rows: int = 4) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(rows, K, generator=rng), torch.randn(rows, C, generator=rng)


def test_it_is_its_formula_written_out() -> None:
    """Perez et al. 2018, eq. 2, unit by unit."""
    net, (x, condition) = made(), inputs()
    *layers, into, film = [(w.tolist(), b.tolist()) for w, b in net.layers()]

    def linear(layer: tuple[list[list[float]], list[float]], row: list[float]) -> list[float]:
        return [sum(w * r for w, r in zip(ws, row, strict=True)) + b for ws, b in zip(*layer, strict=True)]

    for b in range(len(x)):
        film_F = linear(film, [max(0.0, c) for c in linear(into, condition[b].tolist())])
        h, at = x[b].tolist(), 0
        for layer in layers[:-1]:
            size = len(layer[1])
            gamma, beta = film_F[at : at + size], film_F[at + size : at + 2 * size]
            h = [max(0.0, g * z + s) for g, z, s in zip(gamma, linear(layer, h), beta, strict=True)]
            at += 2 * size
        assert at == len(film_F)
        expected = torch.tensor(linear(layers[-1], h))
        torch.testing.assert_close(net(x, condition)[b], expected)
        with torch.no_grad():
            torch.testing.assert_close(net(x, condition)[b], expected)


def test_a_loss_goes_on_into_the_condition_as_well() -> None:
    net, (x, condition) = made(), inputs()
    learns = [x.requires_grad_(), condition.requires_grad_()]
    to_out = torch.randn(4, 2, generator=torch.Generator().manual_seed(2))
    expected = torch.autograd.grad(net(x, condition), learns, to_out)
    recorded = net.record(x, condition)
    found = differentiate(Term(lambda: 0.0, (recorded, lambda: to_out)), lambda _: False)
    for leaf, gradient in zip(learns, expected, strict=True):
        torch.testing.assert_close(found.at[id(leaf)], gradient)


def test_the_generator_alone_decides_and_scales_begin_around_one() -> None:
    (x, condition), one = inputs(), made()
    assert torch.equal(one(x, condition), made()(x, condition))
    assert not torch.equal(one(x, condition), made(1)(x, condition))
    for (scale, shift), size in zip(one.parts(one.biases[-1].detach()), SIZES[1:-1], strict=True):
        assert len(scale) == len(shift) == size
        assert ((scale - 1).abs() <= WIDTH**-0.5).all()
        assert (shift.abs() <= WIDTH**-0.5).all()
