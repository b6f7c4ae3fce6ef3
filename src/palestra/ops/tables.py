"""Tables of action values: epsilon-greedy policies over them, and moving many of their entries at once.

NumPy rather than torch: on the few hundred numbers of such a step an operation costs a third as much. Every array is
float64 unless said otherwise. An *entry* is the index of a (state, action) pair in a table laid out flat.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


FORBIDDEN = -1e300
"""The value of an action that a world does not allow: never the greatest, and 0 once it is multiplied by 0."""


def epsilon_greedy(q_BA: Floats, epsilon: float, masked: bool = False) -> Floats:
    """Probabilities (B, A): epsilon shared by all actions, the rest by those of the greatest value.

    Where the table is ``masked``, epsilon is shared by the actions that are allowed.
    """
    best_BA = q_BA == q_BA.max(1, keepdims=True)
    shared: Any = epsilon / q_BA.shape[1]
    if masked:
        allowed_BA = (q_BA > FORBIDDEN) | best_BA
        shared = epsilon / allowed_BA.sum(1, keepdims=True) * allowed_BA
    prob_BA: Floats = shared + (1.0 - epsilon) / best_BA.sum(1, keepdims=True) * best_BA
    return prob_BA


def expected_value(q_BA: Floats, epsilon: float | Floats, masked: bool = False) -> Floats:
    """sum_a pi(a) Q(a), shape (B,), of the epsilon-greedy policy; with epsilon 0 exactly the maximum.

    ``epsilon`` may be one number a row (B,), where the table is not masked.
    """
    value_B: Floats = q_BA.max(1)
    if masked and epsilon:
        value_B = (epsilon_greedy(q_BA, float(epsilon), masked) * q_BA).sum(1)
    elif isinstance(epsilon, np.ndarray) or epsilon:
        value_B = (1.0 - epsilon) * value_B + epsilon * q_BA.mean(1)
    return value_B


def draw(prob_BA: Floats, uniform_B: Floats) -> Ints:
    """Actions (B,) int64 of distributions (B, A), by inverting the cumulative one at numbers in [0, 1)."""
    action_B: Ints = (prob_BA.cumsum(1)[:, :-1] <= uniform_B[:, None]).sum(1)
    return action_B


def explore(q_BA: Floats, epsilon: float | Floats, uniform_B: Floats, masked: bool = False) -> Ints:
    """Epsilon-greedy actions (B,): to the bit what ``draw(epsilon_greedy(q_BA, epsilon, masked), uniform_B)`` gives.

    ``epsilon`` may be one number a row (B,), where the table is not masked. Laid out with the actions first, since a
    sum over a short last axis costs several times one over the first.
    """
    if masked:
        return draw(epsilon_greedy(q_BA, float(epsilon), masked), uniform_B)
    q_AB = np.ascontiguousarray(q_BA.T)
    best_AB = q_AB == q_AB.max(0)
    prob_AB = best_AB * ((1.0 - epsilon) / best_AB.sum(0))
    prob_AB += epsilon / len(q_AB)
    action_B: Ints = (prob_AB.cumsum(0)[:-1] <= uniform_B).sum(0)
    return action_B


def in_turn(entry_B: Ints, rate_B: Floats) -> Floats:
    """Weights (B,) under which moves made at once are moves made in turn.

    A loop over i of q[entry_i] += rate_i * (target_i - q[entry_i]), with targets known beforehand, ends where adding
    weight_i * (target_i - q[entry_i]) with the first values of q does: weight_i is rate_i times the product of
    (1 - rate_j) over the later moves j of the same entry, since each of those takes its share of what i has done.
    """
    group_B, turn_B = _turns(entry_B)
    keep_GL = np.ones((int(group_B.max()) + 1, int(turn_B.max()) + 2))
    keep_GL[group_B, turn_B] = 1.0 - rate_B
    from_here_on_GL = keep_GL[:, ::-1].cumprod(1)[:, ::-1]
    weight_B: Floats = rate_B * from_here_on_GL[group_B, turn_B + 1]
    return weight_B


def move_towards(
    table_P: Floats,
    count_P: Ints,
    entry_B: Ints,
    target_B: Floats,
    rate: float | Floats,
    decay: float | Floats = 0.0,
) -> Floats:
    """Move entries of a table towards their targets, one after another, in place.

    The n-th move of an entry, counted in ``count_P``, goes the share rate / n^decay of the way: with ``decay`` 0 always
    the same, with rate and decay 1 an entry is the mean of its targets.

    Args:
        table_P: (P,) the table, written to.
        count_P: (P,) int64, moves of each entry so far, written to.
        entry_B: (B,) int64, which entries; one that stands several times is moved several times, in this order.
        target_B: (B,) towards what.
        rate: share of the way, in (0, 1]; one for all of several moves, or one for each (B,).
        decay: power by which the share falls with the moves of an entry; likewise.

    Returns:
        (B,) the errors target - table, as they were before the first move.
    """
    error_B: Floats = target_B - table_P[entry_B]
    if len(entry_B) == 1:
        entry = entry_B[0]
        count_P[entry] += 1
        table_P[entry] += rate / count_P[entry] ** decay * error_B[0]
        return error_B
    if isinstance(rate, np.ndarray) or isinstance(decay, np.ndarray) or decay:
        rate_B: Any = rate / (count_P[entry_B] + _turns(entry_B)[1] + 1) ** decay
        weight_B = in_turn(entry_B, rate_B)
    else:
        later_B = _later(entry_B)
        if later_B is None:  # no entry twice: nothing has to be done in turn
            count_P[entry_B] += 1
            table_P[entry_B] += rate * error_B
            return error_B
        kept = np.full(int(later_B.max()) + 1, 1.0 - rate)
        kept[0] = 1.0
        weight_B = rate * kept.cumprod()[later_B]  # in_turn of equal rates
    np.add.at(count_P, entry_B, 1)
    np.add.at(table_P, entry_B, weight_B * error_B)
    return error_B


def _later(entry_B: Ints) -> Ints | None:
    """How many times each of (B,) entries stands again after its place; None if none stands twice."""
    order_B = entry_B.argsort(kind="stable")
    sorted_B = entry_B[order_B]
    if not (sorted_B[1:] == sorted_B[:-1]).any():
        return None
    later_B = np.empty_like(entry_B)
    later_B[order_B] = sorted_B.searchsorted(sorted_B, "right") - np.arange(1, len(entry_B) + 1)
    return later_B


def _turns(entry_B: Ints) -> tuple[Ints, Ints]:
    """For each of (B,) entries: which entry it is, counted from 0 by value, and how many times it stood before."""
    order_B = entry_B.argsort(kind="stable")
    sorted_B = entry_B[order_B]
    first_B = np.ones(len(entry_B), dtype=bool)
    np.not_equal(sorted_B[1:], sorted_B[:-1], out=first_B[1:])
    group_B, turn_B = np.empty_like(entry_B), np.empty_like(entry_B)
    group_B[order_B] = sorted_group_B = first_B.cumsum() - 1
    turn_B[order_B] = np.arange(len(entry_B)) - first_B.nonzero()[0][sorted_group_B]
    return group_B, turn_B
