"""What Sutton & Barto (2018) show of these methods in their figures, shown again in one environment."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.tabular_learner import TabularLearner

BIASED = "tabular/MaximisationBias-v0"
ARMS = 10


class MaximisationBias(gym.Env):
    """Example 6.7: right ends without reward, left leads to a state where every action ends with a mean of -0.1.

    Both states have the same ten actions here, so in the first the even ones are left and the odd ones right.
    """

    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(ARMS)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self.state = 0
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        if self.state == 1:
            return 1, float(self.np_random.normal(-0.1, 1.0)), True, False, {}
        self.state = 1
        return 1, 0.0, bool(action % 2), False, {}


@pytest.fixture(scope="module", autouse=True)
def _biased() -> Iterator[None]:
    gym.register(BIASED, MaximisationBias)
    yield
    del gym.registry[BIASED]


def make(
    name: str, env_id: str, *, seed: int = 0, num_envs: int = 1, kwargs: Any = None, **settings: Any
) -> TabularLearner:
    cls = learner_type(name)
    learner = cls(World(env_id, num_envs, kwargs=kwargs or {}), cls.config_type(**settings), seed=seed)
    assert isinstance(learner, TabularLearner)
    return learner


def no_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QTable, "improve", lambda *_: None)


# Example 6.6: the cliff, alpha 0.5, epsilon 0.1, undiscounted, one environment.


def cliff(name: str, seed: int) -> tuple[float, float]:
    """Mean return of 100 training episodes once 400 are over, and the return of the greedy policy in 1,000 steps."""
    learner = make(name, "CliffWalking-v1", seed=seed, gamma=1.0, learning_rate=0.5)
    while learner.interaction.episodes.finished < 500:
        learner.step()
    return learner.interaction.episodes.metrics()["train/return_mean"], learner.evaluate(
        episodes=1, max_steps=1_000
    ).score


@pytest.mark.slow
def test_q_learning_walks_along_the_edge_and_sarsa_keeps_away() -> None:
    sarsa, q_learning = (np.array([cliff(name, seed) for seed in range(2)]) for name in ("sarsa", "q-learning"))
    # The figure, read by eye: about -25 for SARSA, about -50 for Q-learning, though Q-learning's policy is the best.
    assert -40 < sarsa[:, 0].mean() < -17
    assert -65 < q_learning[:, 0].mean() < -38
    assert (q_learning[:, 1] == -13).all()
    assert (sarsa[:, 1] <= -15).all()


# Example 6.7: maximisation bias, alpha 0.1, epsilon 0.1, undiscounted.


def left_and_bias(name: str) -> tuple[float, float]:
    """Share of left moves in the first 100 episodes, and the mean of max Q in the second state; its true value is -0.1.

    Over 40 agents, each with a table of its own.
    """
    lefts, values = [], []
    for seed in range(40):
        learner = make(name, BIASED, seed=seed, gamma=1.0, learning_rate=0.1, num_steps=1)
        moves: list[bool] = []
        while learner.interaction.episodes.finished < 100:
            if learner.state_E[0] == 0:
                moves.append(learner.action_E[0] % 2 == 0)
            learner.step()
        lefts.append(np.mean(moves))
        # Which action is thought best, and what it is thought to be worth by the table that the target would ask.
        chooser, judge = learner.q.table[0, 1], learner.q.table[-1, 1]
        values.append(judge[chooser.argmax()])
    return float(np.mean(lefts)), float(np.mean(values))


@pytest.mark.slow
def test_double_q_learning_is_not_lured_to_the_left() -> None:
    left, value = left_and_bias("q-learning")
    double_left, double_value = left_and_bias("double-q-learning")
    assert left > double_left + 0.15
    assert value > double_value + 0.06
    assert double_value == pytest.approx(-0.1, abs=0.09)


# Figure 8.2 and example 8.4: the Dyna maze, alpha 0.1, epsilon 0.1, gamma 0.95, reward 1 at the goal.

MAZE = {
    "desc": (".......#G", "..#....#.", "S.#....#.", "..#......", ".....#...", "........."),
    "step_reward": 0.0,
    "goal_reward": 1.0,
    "max_episode_steps": -1,
}
WAY = 14
"""Steps of the shortest way, as the book says."""


def maze(name: str, seed: int, **settings: Any) -> TabularLearner:
    return make(name, "palestra/GridWorld-v0", seed=seed, kwargs=MAZE, gamma=0.95, num_steps=1, **settings)


def steps_of_episodes(planning_steps: int, seed: int, episodes: int = 10) -> int:
    """Real steps from the second episode to the tenth; the first is blind whatever the planning."""
    learner = maze("dyna-q", seed, learning_rate=0.1, planning_steps=planning_steps)
    first = 0
    while learner.interaction.episodes.finished < episodes:
        learner.step()
        first = learner.clock if learner.interaction.episodes.finished == 0 else first
    return learner.clock - first


@pytest.mark.slow
def test_values_makes_up_for_real_steps() -> None:
    without, five, fifty = (np.mean([steps_of_episodes(n, seed) for seed in range(2)]) for n in (0, 5, 50))
    # The figure: with n = 50 nearly perfect in the third episode, with 5 in about the fifth, without in about the 25th.
    assert without > 2 * five > 2 * fifty
    assert fifty < 9 * 3 * WAY


def test_without_its_updates_planning_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    no_update(monkeypatch)
    assert steps_of_episodes(5, 0, episodes=4) > 3 * 10 * WAY


def updates_to_the_shortest_way(name: str, seed: int, limit: int = 60_000) -> int:
    """Updates of the table until the greedy policy takes the shortest way."""
    learner = maze(name, seed, learning_rate=0.5, planning_steps=5)
    grid = learner.env.dynamics.mdp
    while (updates := int(learner.q.visits.sum())) < limit:
        learner.step()
        if learner.interaction.episodes.finished and shortest(
            learner.q.table[0].argmax(1), grid.next_state, grid.terminated
        ):
            break
    return updates


def shortest(action_S: Any, next_state: Any, terminated: Any) -> bool:
    state = 18
    for step in range(WAY):
        outcome = state * 4 + int(action_S[state])
        if terminated[outcome]:
            return step == WAY - 1
        state = int(next_state[outcome])
    return False


def test_prioritised_sweeping_needs_fewer_updates_than_dyna_q() -> None:
    dyna, swept = (
        np.array([updates_to_the_shortest_way(name, seed) for seed in range(3)])
        for name in ("dyna-q", "prioritised-sweeping")
    )
    assert np.median(swept) < np.median(dyna) / 4  # "often increased by a factor of 5 to 10"
    assert (swept < dyna).all()
