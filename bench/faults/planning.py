"""Faults in dynamic programming (A3), by the notes' own loops."""

from typing import Any

import gymnasium as gym
import numpy as np

from faults.fault import fault
from palestra.ops.tables import Floats


def q_of(table: Any, state: int, value: Floats, gamma: float, terminal_counts: bool) -> list[float]:
    """The values of the actions in a state; ``terminal_counts`` forgets that nothing follows a terminal outcome."""
    return [
        sum(p * (r + gamma * value[s] * (1.0 if terminal_counts else 1.0 - done)) for p, s, r, done in outcomes)
        for outcomes in table[state].values()
    ]


@fault("evaluation-terminal", "V(start) of the optimal policy of CliffWalking by evaluation, gamma 0.9", seeds=1)
def evaluation_terminal(seed: int, faulty: bool) -> float:
    table, gamma = gym.make("CliffWalking-v1").unwrapped.P, 0.9  # type: ignore[attr-defined]
    best = np.zeros(48)
    for _ in range(200):
        best = np.array([max(q_of(table, s, best, gamma, False)) for s in range(48)])
    policy = [int(np.argmax(q_of(table, s, best, gamma, False))) for s in range(48)]
    value = np.zeros(48)
    for _ in range(300):
        value = np.array([q_of(table, s, value, gamma, faulty)[policy[s]] for s in range(48)])
    return float(value[36])


@fault("greedy-in-v", "return of the policy drawn from V*, FrozenLake without slipping", seeds=1)
def greedy_in_v(seed: int, faulty: bool) -> float:
    env = gym.make("FrozenLake-v1", is_slippery=False)
    table, gamma, value = env.unwrapped.P, 0.9, np.zeros(16)  # type: ignore[attr-defined]
    for _ in range(100):
        value = np.array([max(q_of(table, s, value, gamma, False)) for s in range(16)])
    state, total, done = int(env.reset(seed=seed)[0]), 0.0, False
    while not done:
        by_action = (
            [value[table[state][a][0][1]] for a in range(4)] if faulty else q_of(table, state, value, gamma, False)
        )
        state, reward, terminated, truncated, _ = env.step(int(np.argmax(by_action)))
        total, done = total + float(reward), terminated or truncated
    return total


@fault("bellman-without-chance", "true V(start) of the policy planned for slippery FrozenLake, gamma 0.9", seeds=1)
def bellman_without_chance(seed: int, faulty: bool) -> float:
    table, gamma = gym.make("FrozenLake-v1").unwrapped.P, 0.9  # type: ignore[attr-defined]
    # r + gamma max Q(s', a'): one successor, the one that is meant, in the place of a mean over all three
    meant = {s: {a: [(1.0, *row[1][1:])] if len(row) == 3 else row for a, row in table[s].items()} for s in table}
    world, value = meant if faulty else table, np.zeros(16)
    for _ in range(300):
        value = np.array([max(q_of(world, s, value, gamma, False)) for s in range(16)])
    policy = [int(np.argmax(q_of(world, s, value, gamma, False))) for s in range(16)]
    for _ in range(300):
        value = np.array([q_of(table, s, value, gamma, False)[policy[s]] for s in range(16)])
    return float(value[0])
