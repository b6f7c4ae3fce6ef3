"""Policy iteration comes to the optimum, by sweeps and by linear systems."""

import itertools
from typing import Any

import gymnasium as gym
import numpy as np
import planning_checks
import pytest

from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.learners.dynamic.policy_iteration import PolicyIteration

EVERY = pytest.mark.parametrize("method", ["policy iteration", "policy iteration, exact"])


@EVERY
def test_published_values(method: str) -> None:
    planning_checks.check_published_values(method)


@EVERY
@planning_checks.WORLDS
def test_the_optimum_is_one_and_no_policy_near_it_is_better(method: str, env: str, kwargs: dict[str, Any]) -> None:
    planning_checks.check_optimum(method, env, kwargs)


@EVERY
def test_no_deterministic_policy_does_better(method: str) -> None:
    planning_checks.check_exhaustive_search(method)


def test_without_discount() -> None:
    planning_checks.check_without_discount("policy iteration, exact")


@EVERY
def test_without_backups_nothing_is_found(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planning_checks.check_without_backups(method, monkeypatch)


def test_a_world_without_end_or_discount_has_no_policy_to_evaluate() -> None:
    with pytest.raises(PalestraError, match="expected a gamma below 1"):
        planning_checks.plan("policy iteration, exact", "palestra/Garnet-v0", gamma=1.0)


@pytest.mark.parametrize(
    ("env", "kwargs", "least"), [("CliffWalking-v1", planning_checks.CLIFF, -13.0), ("FrozenLake-v1", {}, 0.7)]
)
def test_the_policy_does_in_gymnasium_what_it_promises(env: str, kwargs: dict[str, Any], least: float) -> None:
    planned = planning_checks.plan("policy iteration, exact", env, kwargs, gamma=0.99)
    episodes = 10 if env.startswith("Cliff") else 400
    assert planned.evaluate(episodes=episodes, seed=1, reference=True).score >= least
    assert planned.evaluate(episodes=episodes, seed=1).score >= least
    obs, _ = gym.make(env).reset(seed=0)
    row = np.zeros(planned.policy.mdp.num_states, np.float32)
    row[obs] = 1
    assert planned.predict(row) == int(planned.policy.greedy()[obs])


def test_policy_iteration_improves_each_time() -> None:
    agent = PolicyIteration("FrozenLake-v1", PolicyIteration.config_type(gamma=0.9, evaluation="exact"))
    values = []
    while not agent.finished:
        agent.step()
        values.append(agent.policy.value_S.clone())
    assert len(values) >= 2
    assert all((after >= before - 1e-12).all() for before, after in itertools.pairwise(values))


def test_a_system_that_is_too_large_is_refused() -> None:
    with pytest.raises(UsageError, match=r"evaluation=exact of 10000 states"):
        PolicyIteration(
            World("palestra/GridWorld-v0", kwargs={"size": 100}), PolicyIteration.config_type(evaluation="exact")
        )
