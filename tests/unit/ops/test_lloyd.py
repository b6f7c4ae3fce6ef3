"""Lloyd's algorithm against scikit-learn's, from the same starts; empty groups; where starts lie."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from palestra.errors import UsageError
from palestra.ops import lloyd
from palestra.ops.lloyd import (
    INERTIA,
    as_one_group,
    inertia_of,
    lloyd_pass,
    nearest_centre,
    random_start,
    settled,
    spread_start,
    squared_distances,
)


def rows(seed: int = 0, count: int = 300, groups: int = 5, features: int = 3) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(count, features)) + 4 * rng.normal(size=(groups, features))[rng.integers(groups, size=count)]
    )


def theirs(x: NDArray[Any], start: NDArray[Any], passes: int = 300) -> KMeans:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return KMeans(len(start), init=start, n_init=1, tol=0.0, max_iter=passes, algorithm="lloyd").fit(x)


@pytest.mark.parametrize("seed", range(10))
def test_from_the_same_start_it_ends_where_scikit_learns_does(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lloyd, "TOGETHER", 64)
    x = rows(seed) + 1_000  # far from zero, where squares cancel
    start = random_start(torch.from_numpy(x), 6, torch.Generator().manual_seed(seed))
    found = settled(torch.from_numpy(x), start)
    reference = theirs(x, start.numpy())
    np.testing.assert_allclose(found, reference.cluster_centers_, rtol=1e-10)
    group_B = nearest_centre(torch.from_numpy(x), found)
    np.testing.assert_array_equal(group_B, reference.labels_)
    ours = float(inertia_of(torch.from_numpy(x), found, group_B))
    assert ours == pytest.approx(reference.inertia_, rel=1e-10)
    by_score = INERTIA.total(INERTIA.rows(squared_distances(torch.from_numpy(x), found), group_B))
    assert float(by_score) == pytest.approx(-reference.score(x), rel=1e-10)


@pytest.mark.parametrize("passes", [1, 2, 5])
def test_pass_by_pass_it_is_the_same(passes: int) -> None:
    x = rows(3)
    start = x[:6].copy()
    found = settled(torch.from_numpy(x), torch.from_numpy(start), passes=passes)
    np.testing.assert_allclose(found, theirs(x, start, passes).cluster_centers_, rtol=1e-10)


def plainly(x: torch.Tensor, centre: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, float]:
    """A pass written down as it is said: groups, means, inertia."""
    distance = squared_distances(x, centre)
    group = distance.argmin(1)
    means = [x[group == each].mean(0) for each in range(len(centre))]
    return group, torch.stack(means), float(distance.amin(1).sum())


@pytest.mark.parametrize("together", [7, 4_096])
@pytest.mark.parametrize("ties", [False, True])
def test_a_pass_is_what_is_said_of_it(together: int, ties: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lloyd, "TOGETHER", together)
    x = torch.from_numpy(rows(7)) + 50
    if ties:
        whole_numbers = x.round() - 50
        x = torch.cat((whole_numbers, -whole_numbers))  # around 0 exactly: no rounding decides what is nearer
    centre = x.unique(dim=0)[::40]
    near = squared_distances(x, centre).sort(1).values
    assert bool((near[:, 0] == near[:, 1]).any()) == ties  # rows half way between two centres: they are the first one's
    group, means, inertia = plainly(x, centre)
    for whole in (None, as_one_group(x)):
        done = lloyd_pass(x, centre, whole)
        assert torch.equal(done.group_B, group)
        torch.testing.assert_close(done.centre_GF, means, rtol=1e-12, atol=1e-12)
        assert float(done.inertia) == pytest.approx(inertia, rel=1e-10)


def test_all_rows_are_one_group_around_their_mean() -> None:
    x = torch.tensor([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]], dtype=torch.float64)
    whole = as_one_group(x)
    assert whole.mean_F.tolist() == [2.0, 2.0]
    assert float(whole.inertia) == 4 + 1 + 0 + 1 + 4 + 4


def test_no_pass_makes_inertia_larger() -> None:
    x, inertias = torch.from_numpy(rows(1)), []
    centre = x[:8].clone()
    for _ in range(12):
        done = lloyd_pass(x, centre)
        inertias.append(float(done.inertia))
        centre = done.centre_GF
    assert inertias == sorted(inertias, reverse=True)
    assert inertias[-1] < 0.9 * inertias[0]


@pytest.mark.parametrize("empty", [1, 3])
def test_a_centre_without_rows_goes_where_scikit_learns_does(empty: int) -> None:
    x = rows(4)
    start = np.concatenate([x[:4], np.full((empty, 3), 1e3) + np.arange(empty)[:, None]])
    done = lloyd_pass(torch.from_numpy(x), torch.from_numpy(start))
    assert set(done.group_B.tolist()) == {0, 1, 2, 3}
    reference = theirs(x, start, 1).cluster_centers_
    np.testing.assert_allclose(done.centre_GF[:4], reference[:4], rtol=1e-10)
    # Which of several goes to which of the farthest rows is nobody's business.
    np.testing.assert_allclose(np.sort(done.centre_GF[4:], 0), np.sort(reference[4:], 0), rtol=1e-10)
    found = settled(torch.from_numpy(x), torch.from_numpy(start))
    ours = inertia_of(torch.from_numpy(x), found, nearest_centre(torch.from_numpy(x), found))
    assert float(ours) == pytest.approx(theirs(x, start).inertia_, rel=1e-10)


def test_more_centres_than_different_rows_leave_no_inertia() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64).repeat(5, 1)
    done = lloyd_pass(x, x[:4].clone())
    assert float(done.inertia) == 0.0
    assert bool(done.centre_GF.isfinite().all())
    assert {tuple(place) for place in done.centre_GF.tolist()} == {(0.0, 0.0), (1.0, 0.0)}


def test_starts_are_rows_and_those_of_k_means_plus_plus_are_spread() -> None:
    x = torch.from_numpy(rows(5, 600, 8, 2))
    left: dict[Any, list[float]] = {random_start: [], spread_start: []}
    for start, inertias in left.items():
        for seed in range(20):
            centre = start(x, 8, torch.Generator().manual_seed(seed))
            assert all(bool((x == place).all(1).any()) for place in centre)
            inertias.append(float(inertia_of(x, centre, nearest_centre(x, centre))))
        again = start(x, 8, torch.Generator().manual_seed(seed))
        assert torch.equal(centre, again)
    assert np.mean(left[spread_start]) < 0.7 * np.mean(left[random_start])


def test_every_row_is_drawn_as_often_as_its_squared_distance_says() -> None:
    x = torch.tensor([[0.0], [1.0], [3.0]], dtype=torch.float64)
    firsts, seconds = np.zeros(3), np.zeros((3, 3))
    for seed in range(3_000):
        first, second = (
            int((x == place).nonzero()[0, 0]) for place in spread_start(x, 2, torch.Generator().manual_seed(seed))
        )
        firsts[first] += 1
        seconds[first, second] += 1
    assert firsts / 3_000 == pytest.approx(np.full(3, 1 / 3), abs=0.04)
    # From 0, of two candidates out of 1 and 3 with 1 : 9, the one that leaves less: 3 leaves 1, 1 leaves 4.
    assert seconds[0, 2] / seconds[0].sum() == pytest.approx(1 - 0.1**2, abs=0.015)
    # From 1, of 0 and 3 with 1 : 4, 3 leaves 1 and 0 leaves 4.
    assert seconds[1, 2] / seconds[1].sum() == pytest.approx(1 - 0.2**2, abs=0.02)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="3 centres of 2 rows; expected no more centres than rows"):
        lloyd_pass(torch.zeros(2, 1), torch.zeros(3, 1))
    with pytest.raises(ValueError, match="expected 2 dimensions"):
        nearest_centre(torch.zeros(2), torch.zeros(3, 1))
