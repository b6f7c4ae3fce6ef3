"""What a setting explains: against SciPy's ranks and analysis of variance, and where there is nothing to explain."""

import numpy as np
import pytest
from scipy import stats

from palestra.ops.explained import equal_groups, explained, ranks


def test_ranks_are_scipys() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 50):
        scores = rng.integers(0, 10, size).astype(float)
        np.testing.assert_array_equal(ranks(scores), stats.rankdata(scores))


def test_omega_squared_is_that_of_the_f_test() -> None:
    """omega^2 = (k - 1) (F - 1) / ((k - 1) (F - 1) + n), of SciPy's one-way F."""
    rng = np.random.default_rng(1)
    seen = []
    for effect in (0.0, 0.5, 2.0, 5.0):
        group = rng.integers(0, 4, 60)
        scores = effect * group + rng.normal(size=60)
        parts = [stats.rankdata(scores)[group == k] for k in range(4)]
        f = stats.f_oneway(*parts).statistic
        assert explained(scores, group) == pytest.approx(max(0.0, 3 * (f - 1) / (3 * (f - 1) + 60)), abs=1e-12)
        seen.append(explained(scores, group))
    assert seen[0] < 0.1
    assert seen == sorted(seen)
    assert seen[-1] > 0.8


@pytest.mark.parametrize(
    ("scores", "groups"),
    [([], []), ([1.0], [0]), ([1.0, 2.0], [0, 1]), ([1.0, 2.0, 3.0], [0, 0, 0]), ([2.0] * 6, [0, 1] * 3)],
)
def test_where_there_is_nothing_to_explain_it_is_zero(scores: list[float], groups: list[int]) -> None:
    assert explained(scores, groups) == 0.0


def test_an_outlier_is_not_all_there_is() -> None:
    group = np.arange(40) % 2
    scores = group + 0.01 * np.arange(40)
    whole = explained(scores, group)
    scores[0] = -1e9
    assert abs(explained(scores, group) - whole) < 0.1


def test_numbers_come_into_equal_groups() -> None:
    values = np.random.default_rng(2).normal(size=23)
    group = equal_groups(values)
    assert np.bincount(group).tolist() == [5, 4, 5, 4, 5]
    assert (np.diff(group[np.argsort(values)]) >= 0).all()
    assert equal_groups([3.0] * 10).tolist() == [1] * 10  # all of them together
    assert equal_groups([1.0, 2.0, 3.0]).tolist() == [0, 0, 0]  # too few for two
    assert equal_groups([]).tolist() == []
