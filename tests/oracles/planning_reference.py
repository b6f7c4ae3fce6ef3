"""Dynamic programming one state at a time, on Gymnasium's form of a process: readable, slow, and right."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from palestra.envs.finite.mdp import FiniteMDP, Outcome

Table = list[list[list[Outcome]]]
Values = NDArray[np.float64]


def as_table(mdp: FiniteMDP) -> Table:
    """state -> action -> [(probability, next state, reward, terminated)]."""
    rows = zip(
        mdp.probability.tolist(), mdp.next_state.tolist(), mdp.reward.tolist(), mdp.terminated.tolist(), strict=True
    )
    flat, offset = list(rows), mdp.offset.tolist()
    pairs = [flat[begin:end] for begin, end in pairwise(offset)]
    return [pairs[s * mdp.num_actions : (s + 1) * mdp.num_actions] for s in range(mdp.num_states)]


def backup(outcomes: list[Outcome], value: Sequence[float] | Values, gamma: float) -> float:
    """sum_{s'} p (r + gamma v(s')), where what terminates is followed by nothing."""
    return sum(p * (r + (0.0 if terminated else gamma * value[s])) for p, s, r, terminated in outcomes)


def sweep(table: Table, terminal: Sequence[bool], value: Values, gamma: float, order: Callable[..., Values]) -> Values:
    """One sweep of value iteration; ``order`` is ``np.copy`` to see old values only, or ``np.asarray`` in place."""
    new = order(value)
    for s, actions in enumerate(table):
        new[s] = 0.0 if terminal[s] else max(backup(outcomes, value, gamma) for outcomes in actions)
    return new


def linear_solution(mdp: FiniteMDP, policy_SA: Values, gamma: float) -> Values:
    """v = (I - gamma P)^-1 r of a policy, its matrices filled entry by entry."""
    table, terminal = as_table(mdp), mdp.terminal.tolist()
    matrix, reward = np.eye(mdp.num_states), np.zeros(mdp.num_states)
    for s, actions in enumerate(table):
        for a, outcomes in enumerate(actions):
            for p, following, r, terminated in outcomes if not terminal[s] else []:
                reward[s] += policy_SA[s, a] * p * r
                matrix[s, following] -= 0.0 if terminated else gamma * policy_SA[s, a] * p
    return np.linalg.solve(matrix, reward)
