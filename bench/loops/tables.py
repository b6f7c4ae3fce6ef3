"""Tables: the loops that a good student writes, with NumPy and Gymnasium alone, beside our learners by their defaults.

The settings are the same on both sides: ours are the defaults, and the loops take them over. Whole trainings of either
side follow each other, seed by seed, what it takes to begin included; what both have learned plays the same episodes.
"""

import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from episodes import returns_of
from palestra.learners.registry import learner_type

STEPS = 100_000
SEEDS = (0, 1, 2)
EPISODES = 200
LONGEST = 200
"""Steps of an episode in which what was learned is played; a bad policy on the cliff would never end."""

Table = np.ndarray
"""Action values, (*sizes of the state, A)."""


class WindyGrid(gym.Env):
    """Somebody's own world without a table of its transitions: the windy gridworld (Sutton & Barto, example 6.5)."""

    observation_space = gym.spaces.Discrete(70)
    action_space = gym.spaces.Discrete(4)
    wind = (0, 0, 0, 1, 1, 1, 2, 2, 1, 0)
    moves = ((-1, 0), (0, 1), (1, 0), (0, -1))

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self.row, self.column = 3, 0
        return 30, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        down, right = self.moves[action]
        self.row = min(max(self.row + down - self.wind[self.column], 0), 6)
        self.column = min(max(self.column + right, 0), 9)
        return 10 * self.row + self.column, -1.0, (self.row, self.column) == (3, 7), False, {}


def q_learning(env_id: str, steps: int, seed: int, alpha: float = 0.5, gamma: float = 0.99, eps: float = 0.1) -> Table:
    env, rng = gym.make(env_id), np.random.default_rng(seed)
    q = np.zeros((env.observation_space.n, env.action_space.n))
    state, _ = env.reset(seed=seed)
    for _ in range(steps):
        action = rng.integers(q.shape[1]) if rng.random() < eps else q[state].argmax()
        following, reward, terminated, truncated, _ = env.step(action)
        target = reward if terminated else reward + gamma * q[following].max()
        q[state, action] += alpha * (target - q[state, action])
        state = env.reset()[0] if terminated or truncated else following
    return q


def sarsa(env_id: str, steps: int, seed: int, alpha: float = 0.5, gamma: float = 0.99, eps: float = 0.1) -> Table:
    env, rng = gym.make(env_id), np.random.default_rng(seed)
    q = np.zeros((env.observation_space.n, env.action_space.n))

    def act(state: int) -> int:
        return rng.integers(q.shape[1]) if rng.random() < eps else q[state].argmax()

    state, _ = env.reset(seed=seed)
    action = act(state)
    for _ in range(steps):
        following, reward, terminated, truncated, _ = env.step(action)
        after = act(following)
        target = reward if terminated else reward + gamma * q[following, after]
        q[state, action] += alpha * (target - q[state, action])
        state, action = following, after
        if terminated or truncated:
            state, _ = env.reset()
            action = act(state)
    return q


def q_learning_of_cards(
    env_id: str, steps: int, seed: int, alpha: float = 0.5, gamma: float = 0.99, eps: float = 0.1
) -> Table:
    env, rng = gym.make(env_id), np.random.default_rng(seed)
    q = np.zeros((*(part.n for part in env.observation_space), env.action_space.n))
    state, _ = env.reset(seed=seed)
    for _ in range(steps):
        action = rng.integers(2) if rng.random() < eps else q[state].argmax()
        following, reward, terminated, truncated, _ = env.step(action)
        target = reward if terminated else reward + gamma * q[following].max()
        q[state][action] += alpha * (target - q[state][action])
        state = env.reset()[0] if terminated or truncated else following
    return q


def ours(method: str, env_id: str, steps: int, seed: int) -> Table:
    """A learner with everything by default."""
    learner: Any = learner_type(method)(env_id, seed=seed)
    learner.learn(steps)
    table: Table = learner.q.table.mean(0)
    learner.close()
    return table


def played(env_id: str, q: Table) -> float:
    """Mean return of the greedy policy over the same episodes for every table."""
    best = q.reshape(*_sizes(gym.make(env_id).observation_space), -1).argmax(-1)
    return float(np.mean(returns_of(lambda state: int(best[state]), env_id, EPISODES, 1_000_000, LONGEST)))


def _sizes(space: Any) -> tuple[int, ...]:
    parts = space if isinstance(space, gym.spaces.Tuple) else (space,)
    return tuple(int(part.n) for part in parts)


PAIRS: tuple[tuple[str, str, str, Callable[..., Table]], ...] = (
    ("Q-learning, Taxi-v4", "q-learning", "Taxi-v4", q_learning),
    ("SARSA, CliffWalking-v1", "sarsa", "CliffWalking-v1", sarsa),
    ("Q-learning, Blackjack-v1", "q-learning", "Blackjack-v1", q_learning_of_cards),
    ("Q-learning, an own windy gridworld without P", "q-learning", "loops/WindyGrid-v0", q_learning),
)
"""Question, our method, environment, loop."""


def rows(steps: int = STEPS, seeds: tuple[int, ...] = SEEDS) -> list[dict[str, Any]]:
    """A row for each of ``PAIRS``."""
    if "loops/WindyGrid-v0" not in gym.registry:
        gym.register("loops/WindyGrid-v0", WindyGrid, max_episode_steps=200)
    return [_row(*pair, steps, seeds) for pair in PAIRS]


def _row(question: str, method: str, env_id: str, loop: Callable[..., Table], steps: int, seeds: Any) -> dict[str, Any]:
    speed: dict[str, list[float]] = {"ours": [], "loop": []}
    learned: dict[str, list[float]] = {"ours": [], "loop": []}
    ours(method, env_id, 1, 0)  # what is imported and looked up once
    for seed in seeds:
        for side, train in (("loop", loop), ("ours", lambda *args: ours(method, *args))):
            start = time.perf_counter()
            table = train(env_id, steps, seed)
            speed[side].append(steps / (time.perf_counter() - start))
            learned[side].append(played(env_id, table))
    return {
        "question": question,
        "ours": round(float(np.median(speed["ours"]))),
        "plain loop": round(float(np.median(speed["loop"]))),
        "unit": "steps/s",
        "ratio": round(float(np.median(np.divide(speed["ours"], speed["loop"]))), 2),
        "ours learned": round(float(np.median(learned["ours"])), 2),
        "loop learned": round(float(np.median(learned["loop"])), 2),
        "seeds": len(seeds),
    }


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
