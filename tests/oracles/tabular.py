"""What every tabular method's test needs: a learner of it, its run, and the textbook that it is held against."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import textbook
import worlds

from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.learners.tabular import tabular_learner
from palestra.learners.tabular.tabular_learner import TabularLearner

COMMON = {"gamma": 0.9, "learning_rate": 0.3, "epsilon_start": 0.3, "epsilon_end": 0.3, "initial_value": 0.5,
          "num_steps": 50}  # fmt: skip

LAKE = ("FrozenLake-v1", {"is_slippery": False, "max_episode_steps": 15})

CLIFF = ("CliffWalking-v1", {"max_episode_steps": 15})

WORLDS = pytest.mark.parametrize("world", [(worlds.RANDOM, {}), LAKE, CLIFF], ids=["random", "lake", "cliff"])
SEVERAL = pytest.mark.parametrize("num_envs", [1, 8])
"""Numbers of copies."""


def make(
    name: str, env_id: str, kwargs: dict[str, Any], num_envs: int = 1, seed: int = 0, **settings: Any
) -> TabularLearner:
    cls = learner_type(name)
    learner = cls(World(env_id, num_envs, kwargs=kwargs), cls.config_type(**{**COMMON, **settings}), seed=seed)
    assert isinstance(learner, TabularLearner)
    return learner


def run(learner: TabularLearner, steps: int) -> TabularLearner:
    while learner.clock < steps * learner.env.num_envs:
        learner.step()
    return learner


def watch(function: Any, seen: list[Any]) -> Any:
    def watched(*args: Any) -> Any:
        seen.append(function(*args))
        return seen[-1]

    return watched


@contextmanager
def watched_steps(seen: list[Any]) -> Iterator[None]:
    """Note every step that learners are told."""
    real = tabular_learner.as_step
    tabular_learner.as_step = watch(real, seen)
    try:
        yield
    finally:
        tabular_learner.as_step = real


def check_textbook(name: str, world: tuple[str, dict[str, Any]], *, exact: bool = True, **settings: Any) -> None:
    """In one environment the method is its textbook's, step for step; ``exact`` says that its sums have one order."""
    if world != (worlds.RANDOM, {}) and not exact:
        # Their sums are added up in another order here and there, and where values are alike the last bit of a sum
        # decides which action is greedy. Powers of two make the sums exact; the random world has no values alike.
        settings = {**settings, "gamma": 1.0, "learning_rate": 0.5}
    learner = make(name, *world, **settings)
    steps = 250
    twin = textbook.table_of(
        getattr(textbook, name.replace("-", "_")), *world, 0, steps, learner.rule.draws_per_step, learner.config,
        learner.rule.num_tables,
    )  # fmt: skip
    run(learner, steps)
    assert learner.clock == steps
    assert learner.interaction.episodes.finished > 10
    np.testing.assert_allclose(learner.q.table, twin, rtol=1e-9, atol=1e-9)
    assert (twin != learner.config.initial_value).sum() > 5


def check_last_bit(name: str) -> None:
    """On the cliff, which has no chance, the method is its textbook's to the last bit."""
    learner = run(make(name, *CLIFF), 800)
    method = getattr(textbook, name.replace("-", "_"))
    twin = textbook.table_of(
        method, *CLIFF, 0, 800, learner.rule.draws_per_step, learner.config, learner.rule.num_tables
    )
    np.testing.assert_array_equal(learner.q.table, twin)


def check_same(one: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]], num_envs: int) -> None:
    """A special case of one method is another, simpler one."""
    first, second = (run(make(name, worlds.RANDOM, {}, num_envs, **s), 200) for name, s in (one, other))
    close = {"rtol": 1e-10, "atol": 1e-10} if one[0] == "sarsa-lambda" and num_envs > 1 else {"rtol": 0, "atol": 0}
    np.testing.assert_allclose(first.q.table, second.q.table, **close)
    assert np.ptp(first.q.table) > 1


def check_is_monte_carlo(name: str, **settings: Any) -> None:
    """A method that looks to the end of the episode is Monte Carlo's."""
    learner = make(name, worlds.CHAIN, {}, gamma=0.8, num_steps=1, **settings)
    monte_carlo = make(
        "monte-carlo", worlds.CHAIN, {}, gamma=0.8, num_steps=1, learning_rate_decay=0.0, first_visit=False
    )
    for method in (learner, monte_carlo):
        while method.interaction.episodes.finished < 100:  # the two agree where an episode ends
            method.step()
    np.testing.assert_allclose(learner.q.table, monte_carlo.q.table, rtol=1e-9, atol=1e-9)


def check_cut_anywhere(name: str) -> None:
    """Reports may be cut anywhere: what is learned does not depend on it."""
    whole, pieces = (run(make(name, worlds.RANDOM, {}, 3, num_steps=n), 60) for n in (60, 4))
    np.testing.assert_array_equal(whole.q.table, pieces.q.table)
    np.testing.assert_array_equal(whole.action_E, pieces.action_E)


def check_in_turn(name: str) -> None:
    """Several environments are learned from in turn, as if one step had followed another."""
    learner = make(name, *CLIFF, num_envs=16, num_steps=1)
    for _ in range(200):
        q, epsilon = learner.q.table[0].copy(), learner.q.epsilon
        state_E, action_E = learner.state_E.copy(), learner.action_E.copy()
        seen = []
        with watched_steps(seen):
            learner.step()
        (s,) = seen
        next_action_E = learner.action_E
        targets = []
        for e in range(16):
            row = q[s.next_state_E[e]]
            if name == "sarsa":
                if s.done_E[e] and s.discount_E[e]:
                    break  # cut: the action in the state it was cut in is not kept
                value = row[next_action_E[e]] if not s.done_E[e] else 0.0
            else:
                value = textbook.expectation(row.tolist(), 0.0 if name == "q-learning" else epsilon)
            targets.append(s.reward_E[e] + s.discount_E[e] * value)
        if len(targets) < 16:
            continue
        for e in range(16):
            q[state_E[e], action_E[e]] += 0.3 * (targets[e] - q[state_E[e], action_E[e]])
        np.testing.assert_allclose(learner.q.table[0], q, rtol=1e-12, atol=1e-12)
