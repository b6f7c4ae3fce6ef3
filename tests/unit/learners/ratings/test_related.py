"""Films that are alike: nearest by factors, whichever way these are turned."""

import torch
from sklearn.neighbors import NearestNeighbors

from palestra.datasets.dataset import InMemory, Split
from palestra.learners.ratings.related import NEAREST, OFTEN, SHOWN, related, squared_distances

FACTORS = torch.randn(40, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
DATA = InMemory({"train": Split(torch.zeros(1, 2, dtype=torch.int64), torch.zeros(1))})


def number(name: str) -> int:
    return int(name.removeprefix("film "))


def test_the_nearest_are_scikit_learns_and_the_most_rated_come_first() -> None:
    film_R = torch.repeat_interleave(torch.arange(40), torch.arange(OFTEN, OFTEN + 40))
    shown = related(FACTORS[None], film_R, DATA)
    assert [number(row[0]) for row in shown.rows] == list(range(39, 39 - SHOWN, -1))
    near = NearestNeighbors(n_neighbors=NEAREST + 1).fit(FACTORS.numpy())
    for row in shown.rows:
        film = number(row[0])
        _, wanted = near.kneighbors(FACTORS[film : film + 1].numpy())
        assert [number(name) for name in row[1:]] == wanted[0, 1:].tolist()


def test_what_was_hardly_rated_is_near_nothing() -> None:
    film_R = torch.repeat_interleave(torch.arange(40), torch.where(torch.arange(40) < 20, OFTEN + 5, OFTEN - 1))
    shown = related(FACTORS[None], film_R, DATA)
    assert all(number(name) < 20 for row in shown.rows for name in row)


def test_draws_that_turned_their_axes_say_the_same() -> None:
    turned, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64))
    chosen = torch.tensor([3, 7])
    both = squared_distances(torch.stack((FACTORS, FACTORS @ turned)), chosen)
    assert torch.allclose(both, squared_distances(FACTORS[None], chosen))
