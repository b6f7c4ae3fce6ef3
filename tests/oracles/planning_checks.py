"""What every planner comes to: published values, the optimality equation, exhaustive search."""

import itertools
from typing import Any

import pytest
import torch

from palestra.envs.world import World
from palestra.learners.dynamic.modified_policy_iteration import ModifiedPolicyIteration
from palestra.learners.dynamic.policy_iteration import PolicyIteration
from palestra.learners.dynamic.value_iteration import ValueIteration
from palestra.ops import bellman

METHODS: dict[str, tuple[Any, dict[str, Any]]] = {
    "synchronous": (ValueIteration, {}),
    "in place": (ValueIteration, {"order": "in_place"}),
    "in place, blocks": (ValueIteration, {"order": "in_place", "block_size": 7}),
    "prioritised": (ValueIteration, {"order": "prioritised"}),
    "policy iteration": (PolicyIteration, {}),
    "policy iteration, exact": (PolicyIteration, {"evaluation": "exact"}),
    "modified": (ModifiedPolicyIteration, {}),
    "modified, once": (ModifiedPolicyIteration, {"evaluation_sweeps": 1}),
}

CLIFF = {"max_episode_steps": 100}

WORLDS = pytest.mark.parametrize(
    ("env", "kwargs"),
    [
        ("CliffWalkingSlippery-v1", CLIFF),
        ("FrozenLake8x8-v1", {}),
        ("palestra/Garnet-v0", {"num_states": 60, "branching": 4}),
        ("palestra/Garnet-v0", {"num_states": 12, "branching": 12}),  # dense
        ("palestra/GridWorld-v0", {"size": [9, 8], "walls": 0.25, "slip": 0.2}),
    ],
)


def plan(method: str, env: str, kwargs: dict[str, Any] | None = None, **settings: Any) -> Any:
    """A planner that has run until it had nothing left to do."""
    cls, own = METHODS[method]
    made = cls(World(env, kwargs=kwargs or {}), cls.config_type(tolerance=1e-11, **{**own, **settings}))
    made.learn(5_000)
    assert made.finished
    return made


def check_published_values(method: str) -> None:
    """The shortest way along the cliff, and the lake."""
    cliff = plan(method, "CliffWalking-v1", CLIFF, gamma=0.9)
    assert cliff.policy.start == pytest.approx(-(1 - 0.9**13) / 0.1, abs=1e-10)  # thirteen steps of -1: -7.458
    assert cliff.policy.value_S[47] == 0  # the goal, whatever its own moves are said to bring
    lake = plan(method, "FrozenLake-v1", gamma=0.9)
    assert round(lake.policy.start, 3) == 0.069
    assert round(float(lake.policy.value_S[14]), 3) == 0.639


def check_optimum(method: str, env: str, kwargs: dict[str, Any]) -> None:
    """The values are those of their greedy policy, and satisfy the optimality equation."""
    planned = plan(method, env, kwargs, gamma=0.95)
    # Its greedy policy's value, by a linear system, is the value that it found ...
    value = bellman.solve(bellman.under(planned.policy.dynamics, planned.policy.greedy()), 0.95)
    torch.testing.assert_close(planned.policy.value_X, value, rtol=0, atol=1e-9)
    # ... and satisfies the optimality equation: no action is better (Puterman 2005, theorem 6.2.2).
    assert (bellman.q_values(planned.policy.dynamics, value, 0.95).amax(0) - value[:-1]).abs().max() < 1e-9


def check_exhaustive_search(method: str) -> None:
    """No deterministic policy of a small process does better."""
    kwargs = {"num_states": 5, "num_actions": 3, "branching": 2, "seed": 4}
    planned = plan(method, "palestra/Garnet-v0", kwargs, gamma=0.8)
    every = [
        bellman.solve(bellman.under(planned.policy.dynamics, torch.tensor(policy)), 0.8)
        for policy in itertools.product(range(3), repeat=5)
    ]
    torch.testing.assert_close(planned.policy.value_X, torch.stack(every).amax(0), rtol=0, atol=1e-9)


def check_without_discount(method: str) -> None:
    """What the toy worlds are worth where nothing is discounted."""
    assert plan(method, "CliffWalking-v1", CLIFF, gamma=1.0).policy.start == pytest.approx(-13.0, abs=1e-9)
    assert plan(method, "FrozenLake-v1", gamma=1.0).policy.start == pytest.approx(14 / 17, abs=1e-6)
    assert plan(method, "Taxi-v4", gamma=1.0).policy.start == pytest.approx(7.93, abs=1e-9)


def check_without_backups(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without backups nothing is found: the tests would see it."""
    monkeypatch.setattr(bellman, "q_values", lambda d, value_X, gamma, states=slice(None): d.reward_AS[:, states])
    cls, own = METHODS[method]
    agent = cls(World("FrozenLake-v1"), cls.config_type(gamma=0.9, **own)).learn(50)
    if method != "policy iteration, exact":  # the linear system does not need them
        assert abs(agent.policy.start - 0.0689) > 0.01
    assert agent.evaluate(episodes=200, seed=0).score < 0.5
