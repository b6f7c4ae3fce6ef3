"""Tables against value iteration over Gymnasium's ``P``, solved here by itself; and with the update switched off."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from matrix import slow_but

from palestra.envs.finite.catalogue import finite_mdp
from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.tabular_learner import TabularLearner


class Solved:
    """Q* of a finite world, or the Q of the best epsilon-greedy policy."""

    def __init__(self, env_id: str, kwargs: dict[str, Any], gamma: float, epsilon: float = 0.0):
        inner: Any = gym.make(env_id, **kwargs).unwrapped
        table = inner.P
        states, actions = len(table), len(table[0])
        self.on_SAS, self.reward_SA = np.zeros((states, actions, states)), np.zeros((states, actions))
        for s in range(states):
            for a in range(actions):
                for p, s2, r, terminated in table[s][a]:
                    self.reward_SA[s, a] += p * r
                    self.on_SAS[s, a, s2] += 0.0 if terminated else p
        self.start_S = inner.initial_state_distrib
        self.gamma = gamma
        self.q_SA = np.zeros((states, actions))
        while True:
            value_S = (1 - epsilon) * self.q_SA.max(1) + epsilon * self.q_SA.mean(1)
            q_SA = self.reward_SA + gamma * self.on_SAS @ value_S
            if np.abs(q_SA - self.q_SA).max() < 1e-10:
                break
            self.q_SA = q_SA

    def value_of(self, action_S: np.ndarray) -> float:
        """Of the start, under a deterministic policy, from the linear equations that its value solves."""
        each = np.arange(len(action_S))
        to_SS, reward_S = self.on_SAS[each, action_S], self.reward_SA[each, action_S]
        matrix = np.eye(len(to_SS)) - self.gamma * to_SS
        return float(self.start_S @ np.linalg.solve(matrix, reward_S))

    @property
    def optimum(self) -> float:
        return float(self.start_S @ self.q_SA.max(1))


def train(
    name: str, env_id: str, steps: int, num_envs: int = 32, kwargs: Any = None, **settings: Any
) -> TabularLearner:
    cls = learner_type(name)
    learner = cls(World(env_id, num_envs, kwargs=kwargs or {}), cls.config_type(**settings), seed=0)
    assert isinstance(learner, TabularLearner)
    return learner.learn(steps)


def no_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QTable, "improve", lambda *_: None)


EXPLORE = {"epsilon_start": 1.0, "epsilon_end": 0.3}
DETERMINISTIC = [
    ("q-learning", "CliffWalking-v1", 40_000, {"learning_rate": 1.0}),
    ("double-q-learning", "CliffWalking-v1", 80_000, {"learning_rate": 1.0}),
    ("tree-backup", "CliffWalking-v1", 40_000, {"learning_rate": 1.0}),
    ("expected-sarsa", "CliffWalking-v1", 40_000, {"learning_rate": 1.0, "target_epsilon": 0.0}),
    ("dyna-q", "CliffWalking-v1", 10_000, {"learning_rate": 1.0}),
    ("prioritised-sweeping", "CliffWalking-v1", 10_000, {"learning_rate": 1.0}),
    ("q-learning", "FrozenLake-v1", 20_000, {"learning_rate": 1.0}),
    ("q-learning", "Taxi-v4", 200_000, {"learning_rate": 1.0}),
]  # fmt: skip
QUICK = [DETERMINISTIC[0], *DETERMINISTIC[4:7]]
"""One that learns from what happens, and those that plan: these are quick."""
KWARGS = {"CliffWalking-v1": {"max_episode_steps": 200}, "FrozenLake-v1": {"is_slippery": False}, "Taxi-v4": {}}


def deterministic(name: str, env_id: str, steps: int, settings: dict[str, Any]) -> tuple[float, float]:
    """Exact value of the greedy policy, and the optimum. Discounted, so that a policy in circles has a value too."""
    learner = train(name, env_id, steps, kwargs=KWARGS[env_id], gamma=0.95, **EXPLORE, **settings)
    solved = Solved(env_id, KWARGS[env_id], 0.95)
    return solved.value_of(learner.q.values(np.arange(learner.q.num_states)).argmax(1)), solved.optimum


@pytest.mark.parametrize(("name", "env_id", "steps", "settings"), slow_but(QUICK, DETERMINISTIC))
def test_the_greedy_policy_is_optimal(name: str, env_id: str, steps: int, settings: dict[str, Any]) -> None:
    value, optimum = deterministic(name, env_id, steps, settings)
    assert value == pytest.approx(optimum, abs=1e-6)


@pytest.mark.parametrize(("name", "env_id", "steps", "settings"), DETERMINISTIC[:1] + DETERMINISTIC[6:])
def test_without_the_update_it_is_not(
    name: str, env_id: str, steps: int, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_update(monkeypatch)
    value, optimum = deterministic(name, env_id, 1_000, settings)
    assert value < optimum - 0.1


def lake() -> tuple[np.ndarray, np.ndarray, float, float]:
    """Learned and true values of the slippery lake's states, and those of the start under the greedy policy."""
    learner = train("q-learning", "FrozenLake-v1", 400_000, 64, gamma=0.95, learning_rate=1.0, learning_rate_decay=0.75,
                    epsilon_start=1.0, epsilon_end=0.2)  # fmt: skip
    solved = Solved("FrozenLake-v1", {}, 0.95)
    q_SA = learner.q.table[0]
    return q_SA.max(1), solved.q_SA.max(1), solved.value_of(q_SA.argmax(1)), solved.optimum


def test_values_on_slippery_ice_are_nearly_true() -> None:
    learned_S, true_S, value, optimum = lake()
    np.testing.assert_allclose(learned_S, true_S, atol=0.03)
    assert value == pytest.approx(optimum, rel=0.02)


def test_without_the_update_they_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    no_update(monkeypatch)
    learned_S, true_S, value, optimum = lake()
    assert np.abs(learned_S - true_S).max() > 0.5
    assert value < 0.5 * optimum


GARNET = {"num_states": 12, "num_actions": 3, "branching": 3, "seed": 4, "max_episode_steps": 50}
TO_OPTIMUM = [
    ("q-learning", {}),
    ("double-q-learning", {}),
    ("expected-sarsa", {"target_epsilon": 0.0}),
    ("tree-backup", {"n_step": 2}),
]
TO_SOFT_OPTIMUM = [("sarsa", {}), ("expected-sarsa", {}), ("n-step-sarsa", {"n_step": 2}), ("sarsa-lambda", {}),
                   ("tree-backup", {"n_step": 3, "target_epsilon": None})]  # fmt: skip
QUICK_OPTIMUM, QUICK_SOFT = [TO_OPTIMUM[0], TO_OPTIMUM[-1]], [TO_SOFT_OPTIMUM[0], TO_SOFT_OPTIMUM[3]]
"""Of each one that looks a step ahead and one that looks further: these are quick."""


def ids(cases: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """The names of the methods."""
    return [name for name, _ in cases]


def garnet_error(name: str, epsilon: float, settings: dict[str, Any]) -> float:
    """The largest error of Q on a random process with a time limit, as a share of the spread of the true one."""
    learner = train(name, "palestra/Garnet-v0", 300_000, 100, kwargs=GARNET, gamma=0.8, learning_rate=1.0,
                    learning_rate_decay=0.7, epsilon_start=0.4, epsilon_end=0.4, **settings)  # fmt: skip
    true_SA = solve_garnet(0.8, epsilon)
    q_SA = learner.q.values(np.arange(learner.q.num_states))
    return float(np.abs(q_SA - true_SA).max() / np.ptp(true_SA))


def solve_garnet(gamma: float, epsilon: float) -> np.ndarray:
    """Q of the best epsilon-greedy policy of the endless process: a time limit is not an end."""
    settings = {key: value for key, value in GARNET.items() if key != "max_episode_steps"}
    mdp = finite_mdp("palestra/Garnet-v0", settings)
    on_PS, reward_P = np.zeros((36, 12)), np.zeros(36)
    np.add.at(on_PS, (mdp.pair.numpy(), mdp.next_state.numpy()), mdp.probability.numpy())
    np.add.at(reward_P, mdp.pair.numpy(), (mdp.probability * mdp.reward).numpy())
    q_SA = np.zeros((12, 3))
    for _ in range(500):
        q_SA = (reward_P + gamma * on_PS @ ((1 - epsilon) * q_SA.max(1) + epsilon * q_SA.mean(1))).reshape(12, 3)
    return q_SA


@pytest.mark.parametrize(("name", "settings"), slow_but(QUICK_OPTIMUM, TO_OPTIMUM), ids=ids(TO_OPTIMUM))
def test_off_policy_methods_come_to_the_optimal_values(name: str, settings: dict[str, Any]) -> None:
    assert garnet_error(name, 0.0, settings) < 0.03


@pytest.mark.parametrize(("name", "settings"), slow_but(QUICK_SOFT, TO_SOFT_OPTIMUM), ids=ids(TO_SOFT_OPTIMUM))
def test_on_policy_methods_come_to_the_best_values_with_their_exploration(name: str, settings: dict[str, Any]) -> None:
    assert garnet_error(name, 0.4, settings) < 0.03


def test_the_two_optima_differ_by_more_than_the_tolerance() -> None:
    optimal_SA, soft_SA = solve_garnet(0.8, 0.0), solve_garnet(0.8, 0.4)
    assert np.abs(optimal_SA - soft_SA).max() > 0.1 * np.ptp(optimal_SA)


@pytest.mark.parametrize("epsilon", slow_but([0.4], [0.0, 0.4]))
def test_without_the_update_no_values_are_reached(epsilon: float, monkeypatch: pytest.MonkeyPatch) -> None:
    no_update(monkeypatch)
    assert garnet_error("q-learning", epsilon, {}) > 0.3
