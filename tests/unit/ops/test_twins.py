"""Twins are told from neighbours, whatever the scale, the density and the number of columns."""

import numpy as np
import pytest
from numpy.typing import NDArray

from palestra.ops.twins import chances, crowded, freedom

RNG = np.random.default_rng(0)


def distances(rows: NDArray[np.float64], count: int = 20) -> NDArray[np.float64]:
    """(n, count) to the nearest."""
    apart = np.sqrt(((rows[:, None] - rows[None]) ** 2).sum(-1))
    np.fill_diagonal(apart, np.inf)
    return np.sort(apart, 1)[:, :count]


@pytest.mark.parametrize("size", [1, 2, 4])
def test_freedom_is_the_number_of_columns_that_say_something_of_their_own(size: int) -> None:
    rows = RNG.uniform(size=(1_500, size))
    assert np.median(freedom(distances(rows))) == pytest.approx(size, rel=0.15)
    turned = np.hstack([rows, rows @ RNG.normal(size=(size, 3))])  # seven columns of no more freedom
    assert np.median(freedom(distances(turned))) == pytest.approx(size, rel=0.15)


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_of_rows_drawn_by_themselves_a_chance_is_what_it_says(size: int) -> None:
    chance = chances(distances(RNG.normal(size=(1_200, size)) * np.geomspace(1, 1e4, size)[:, None].T))
    for level in (0.01, 0.1, 0.5):
        assert (chance < level).mean() <= 1.5 * level + 0.005
    assert not crowded(chance, np.ones(1_200, bool)).any()


@pytest.mark.parametrize(("size", "jitter"), [(2, 1e-3), (4, 0.02), (10, 0.1)])
def test_a_row_and_its_copy_with_noise_are_twins(size: int, jitter: float) -> None:
    rows = RNG.normal(size=(400, size))
    again = rows[:60] + jitter * RNG.normal(size=(60, size))
    chance = chances(distances(np.concatenate([rows, again])))
    found = crowded(chance, np.ones(460, bool))
    assert found[:60].mean() > 0.7
    assert found[400:].mean() > 0.7
    assert found[60:400].mean() < 0.04
    assert not crowded(chance, np.zeros(460, bool)).any()


def test_groups_of_many_rows_are_no_twins() -> None:
    middle = RNG.normal(size=(40, 5)).repeat(10, 0)
    chance = chances(distances(middle + 0.1 * RNG.normal(size=(400, 5))))
    assert not crowded(chance, np.ones(400, bool)).any()
