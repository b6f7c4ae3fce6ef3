"""Policies over tables, and many moves at once that are moves in turn."""

import numpy as np
import pytest

from palestra.ops.tables import FORBIDDEN, draw, epsilon_greedy, expected_value, explore, in_turn, move_towards

Q_BA = np.array([[1.0, 3.0, 2.0, 0.0], [5.0, 5.0, 1.0, 5.0], [0.0, 0.0, 0.0, 0.0]])


def test_epsilon_greedy_by_hand() -> None:
    expected = [[0.05, 0.85, 0.05, 0.05], [0.05 + 0.8 / 3] * 2 + [0.05, 0.05 + 0.8 / 3], [0.25] * 4]
    np.testing.assert_allclose(epsilon_greedy(Q_BA, 0.2), expected, rtol=1e-15)
    np.testing.assert_array_equal(epsilon_greedy(Q_BA[:1], 0.0), [[0, 1, 0, 0]])
    np.testing.assert_array_equal(epsilon_greedy(Q_BA, 1.0), np.full((3, 4), 0.25))


@pytest.mark.parametrize("epsilon", [0.0, 0.2, 1.0])
def test_the_expected_value_is_that_of_the_policy(epsilon: float) -> None:
    np.testing.assert_allclose(expected_value(Q_BA, epsilon), (epsilon_greedy(Q_BA, epsilon) * Q_BA).sum(1), rtol=1e-15)


def test_the_expected_value_of_the_greedy_policy_is_exactly_the_maximum() -> None:
    q_BA = np.random.default_rng(0).normal(size=(1_000, 3)).round(1) / 3
    np.testing.assert_array_equal(expected_value(q_BA, 0.0), q_BA.max(1))


def test_draws_invert_the_cumulative_distribution() -> None:
    prob_BA = np.repeat([[0.25, 0.0, 0.5, 0.25]], 6, axis=0)
    uniform_B = np.array([0.0, 0.2499, 0.25, 0.7499, 0.75, np.nextafter(1, 0)])
    assert draw(prob_BA, uniform_B).tolist() == [0, 0, 2, 2, 3, 3]


def test_draws_have_the_frequencies_of_the_policy() -> None:
    num = 200_000
    uniform_B = np.random.default_rng(0).random(num)
    for q_A in Q_BA:
        prob_A = epsilon_greedy(q_A[None], 0.3)[0]
        counts = np.bincount(draw(np.tile(prob_A, (num, 1)), uniform_B), minlength=4)
        np.testing.assert_allclose(counts / num, prob_A, atol=4 * np.sqrt(0.25 / num))


def moved_in_a_loop(table, count, entry, target, rate, decay):
    for p, y in zip(entry, target):
        count[p] += 1
        table[p] += rate / count[p] ** decay * (y - table[p])


@pytest.mark.parametrize("decay", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("rate", [0.1, 1.0])
@pytest.mark.parametrize(("num", "entries"), [(1, 3), (2, 1), (7, 3), (64, 5), (64, 1_000)])
def test_moves_at_once_are_moves_in_turn(num: int, entries: int, rate: float, decay: float) -> None:
    rng = np.random.default_rng(num)
    table, count = rng.normal(size=entries), rng.integers(0, 5, entries)
    theirs, their_count = table.copy(), count.copy()
    for _ in range(20):
        entry, target = rng.integers(0, entries, num), rng.normal(size=num)
        before = table[entry]
        error = move_towards(table, count, entry, target, rate, decay)
        np.testing.assert_array_equal(error, target - before)
        moved_in_a_loop(theirs, their_count, entry, target, rate, decay)
    np.testing.assert_array_equal(count, their_count)
    np.testing.assert_allclose(table, theirs, rtol=1e-12, atol=1e-12)


def test_weights_by_hand() -> None:
    # Of three moves of entry 7, by 0.5 each, the last keeps its half, the one before a quarter, the first an eighth.
    weight = in_turn(np.array([7, 2, 7, 7]), np.full(4, 0.5))
    assert weight.tolist() == [0.125, 0.5, 0.25, 0.5]
    assert in_turn(np.array([1, 1]), np.array([0.5, 1.0])).tolist() == [0.0, 1.0]  # nothing is left of the first


def test_a_rate_of_one_nth_is_the_mean() -> None:
    table, count = np.array([100.0]), np.zeros(1, dtype=np.int64)
    target = np.random.default_rng(0).normal(size=50)
    for part in (target[:1], target[1:10], target[10:]):
        move_towards(table, count, np.zeros(len(part), dtype=np.int64), part, 1.0, 1.0)
    assert table[0] == pytest.approx(target.mean(), rel=1e-12)


def test_in_a_masked_table_the_forbidden_have_no_share() -> None:
    q_BA = np.array([[1.0, FORBIDDEN, 2.0, FORBIDDEN], [FORBIDDEN] * 4])
    np.testing.assert_allclose(epsilon_greedy(q_BA, 0.2, masked=True), [[0.1, 0, 0.9, 0], [0.25] * 4], rtol=1e-15)
    assert expected_value(q_BA[:1], 0.2, masked=True).tolist() == pytest.approx([1.9])
    assert expected_value(q_BA[:1], 0.0, masked=True).tolist() == [2.0]
    np.testing.assert_array_equal(epsilon_greedy(Q_BA, 0.2, masked=True), epsilon_greedy(Q_BA, 0.2))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.3, 1.0])
def test_exploring_is_drawing_from_the_policy_to_the_bit(epsilon: float, masked: bool) -> None:
    rng = np.random.default_rng(0)
    for actions in (1, 2, 3, 6, 17):
        q_BA = rng.integers(0, 3, (500, actions)).astype(float)  # many of equal value
        q_BA[rng.random(q_BA.shape) < 0.2 * masked] = FORBIDDEN
        prob_BA = epsilon_greedy(q_BA, epsilon, masked)
        edge_B = prob_BA.cumsum(1)[:, rng.integers(actions)].clip(max=1 - 2**-53)  # where the last bit decides
        for uniform_B in (rng.random(500), np.zeros(500), edge_B):
            np.testing.assert_array_equal(explore(q_BA, epsilon, uniform_B, masked), draw(prob_BA, uniform_B))


@pytest.mark.parametrize("entries", [3, 40, 10_000])
def test_at_one_rate_the_weights_are_those_of_any_rates_to_the_bit(entries: int) -> None:
    rng = np.random.default_rng(1)
    table, count = rng.normal(size=entries), np.zeros(entries, dtype=np.int64)
    for num in (2, 7, 64, 200):
        entry, target = rng.integers(0, entries, num), rng.normal(size=num)
        expected, times = table.copy(), count.copy()
        np.add.at(expected, entry, in_turn(entry, np.full(num, 0.3)) * (target - table[entry]))
        np.add.at(times, entry, 1)
        move_towards(table, count, entry, target, 0.3)
        np.testing.assert_array_equal(table, expected)
        np.testing.assert_array_equal(count, times)
