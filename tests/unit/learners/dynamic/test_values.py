"""Planners: published values, each other, exhaustive search, and Gymnasium's own environments."""

import itertools
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

import palestra
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.finite.catalogue import finite_mdp
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.learners.dynamic import values
from palestra.learners.dynamic.modified_policy_iteration import ModifiedPolicyIteration
from palestra.learners.dynamic.policy_iteration import PolicyIteration
from palestra.learners.dynamic.value_iteration import ValueIteration
from palestra.ops import bellman
from palestra.pictures.gallery import draw_exhibits
from palestra.runs import checkpoints

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
EVERY = pytest.mark.parametrize("method", METHODS)
CLIFF = {"max_episode_steps": 100}


def plan(method: str, env: str, kwargs: dict[str, Any] | None = None, **settings: Any) -> Any:
    """A planner that has run until it had nothing left to do."""
    cls, own = METHODS[method]
    made = cls(World(env, kwargs=kwargs or {}), cls.config_type(tolerance=1e-11, **{**own, **settings}))
    made.learn(5_000)
    assert made.finished
    return made


@EVERY
def test_published_values(method: str) -> None:
    cliff = plan(method, "CliffWalking-v1", CLIFF, gamma=0.9)
    assert cliff.policy.start == pytest.approx(-(1 - 0.9**13) / 0.1, abs=1e-10)  # thirteen steps of -1: -7.458
    assert cliff.policy.value_S[47] == 0  # the goal, whatever its own moves are said to bring
    lake = plan(method, "FrozenLake-v1", gamma=0.9)
    assert round(lake.policy.start, 3) == 0.069
    assert round(float(lake.policy.value_S[14]), 3) == 0.639


@EVERY
@pytest.mark.parametrize(
    ("env", "kwargs"),
    [
        ("CliffWalkingSlippery-v1", CLIFF),
        ("FrozenLake8x8-v1", {}),
        ("palestra/Garnet-v0", {"num_states": 60, "branching": 4}),
        ("palestra/Garnet-v0", {"num_states": 12, "branching": 12}),  # dense
        ("palestra/GridWorld-v0", {"size": [9, 8], "walls": 0.25, "slip": 0.2}),
    ],
)
def test_the_optimum_is_one_and_no_policy_near_it_is_better(method: str, env: str, kwargs: dict[str, Any]) -> None:
    planned = plan(method, env, kwargs, gamma=0.95)
    # Its greedy policy's value, by a linear system, is the value that it found ...
    value = bellman.solve(bellman.under(planned.policy.dynamics, planned.policy.greedy()), 0.95)
    torch.testing.assert_close(planned.policy.value_X, value, rtol=0, atol=1e-9)
    # ... and satisfies the optimality equation: no action is better (Puterman 2005, theorem 6.2.2).
    assert (bellman.q_values(planned.policy.dynamics, value, 0.95).amax(0) - value[:-1]).abs().max() < 1e-9


@EVERY
def test_no_deterministic_policy_does_better(method: str) -> None:
    kwargs = {"num_states": 5, "num_actions": 3, "branching": 2, "seed": 4}
    planned = plan(method, "palestra/Garnet-v0", kwargs, gamma=0.8)
    every = [
        bellman.solve(bellman.under(planned.policy.dynamics, torch.tensor(policy)), 0.8)
        for policy in itertools.product(range(3), repeat=5)
    ]
    torch.testing.assert_close(planned.policy.value_X, torch.stack(every).amax(0), rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "policy iteration"])
def test_without_discount(method: str) -> None:
    assert plan(method, "CliffWalking-v1", CLIFF, gamma=1.0).policy.start == pytest.approx(-13.0, abs=1e-9)
    assert plan(method, "FrozenLake-v1", gamma=1.0).policy.start == pytest.approx(14 / 17, abs=1e-6)
    assert plan(method, "Taxi-v4", gamma=1.0).policy.start == pytest.approx(7.93, abs=1e-9)


def test_a_world_without_end_or_discount_has_no_policy_to_evaluate() -> None:
    with pytest.raises(PalestraError, match="expected a gamma below 1"):
        plan("policy iteration, exact", "palestra/Garnet-v0", gamma=1.0)


@pytest.mark.parametrize(("env", "kwargs", "least"), [("CliffWalking-v1", CLIFF, -13.0), ("FrozenLake-v1", {}, 0.7)])
def test_the_policy_does_in_gymnasium_what_it_promises(env: str, kwargs: dict[str, Any], least: float) -> None:
    planned = plan("policy iteration, exact", env, kwargs, gamma=0.99)
    episodes = 10 if env.startswith("Cliff") else 400
    assert planned.evaluate(episodes=episodes, seed=1, reference=True).score >= least
    assert planned.evaluate(episodes=episodes, seed=1).score >= least
    obs, _ = gym.make(env).reset(seed=0)
    row = np.zeros(planned.policy.mdp.num_states, np.float32)
    row[obs] = 1
    assert planned.predict(row) == int(planned.policy.greedy()[obs])


@EVERY
def test_without_backups_nothing_is_found(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bellman, "q_values", lambda d, value_X, gamma, states=slice(None): d.reward_AS[:, states])
    cls, own = METHODS[method]
    agent = cls(World("FrozenLake-v1"), cls.config_type(gamma=0.9, **own)).learn(50)
    if method != "policy iteration, exact":  # the linear system does not need them
        assert abs(agent.policy.start - 0.0689) > 0.01
    assert agent.evaluate(episodes=200, seed=0).score < 0.5


def test_what_ends_an_episode_must_not_be_followed_by_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    # The fault of evaluating with v(s') where the episode is over: the goal's own moves leak into its neighbours.
    def leaking(*args: Any, **kwargs: Any) -> bellman.Dynamics:
        offset, probability, next_state, reward, terminated, terminal = args
        return honest(
            offset, probability, next_state, reward, torch.zeros_like(terminated), torch.zeros_like(terminal), **kwargs
        )

    honest = bellman.dynamics
    monkeypatch.setattr(values.bellman, "dynamics", leaking)
    agent = ValueIteration(World("CliffWalking-v1", kwargs=CLIFF), ValueIteration.config_type(gamma=0.9)).learn(500)
    assert agent.policy.start < -9.9  # -10: it costs for ever


def test_the_error_is_within_the_tolerance() -> None:
    for tolerance in (1e-1, 1e-3, 1e-6):
        for order in ("synchronous", "in_place", "prioritised"):
            config = ValueIteration.config_type(gamma=0.9, tolerance=tolerance, order=order)
            rough = ValueIteration("FrozenLake-v1", config).learn(5_000)
            exact = plan("policy iteration, exact", "FrozenLake-v1", gamma=0.9)
            assert (rough.policy.value_S - exact.policy.value_S).abs().max() <= tolerance


def test_it_stops_where_nothing_is_left_to_do_and_its_metrics_say_so() -> None:
    agent = ValueIteration(World("CliffWalking-v1", kwargs=CLIFF), ValueIteration.config_type(gamma=0.9))
    result = Trainer(agent, TrainSettings(budget=400, eval_every=400)).run()
    assert (result.ending, result.steps, result.best_score) == ("finished", 15, -13.0)
    assert result.metrics["train/bellman_residual"] == 0.0
    assert result.metrics["value/start"] == pytest.approx(-7.458134171671)
    before = agent.policy.value_S.clone()
    agent.step()
    assert torch.equal(agent.policy.value_S, before)


def test_the_last_checkpoint_waits_for_the_last_evaluation(tmp_path: Path) -> None:
    outcome = palestra.train("cliff/value-iteration", out=tmp_path, checkpoint_every=0.0)
    assert (outcome.ending, outcome.steps) == ("finished", 15)
    info = checkpoints.load_latest(Path(outcome.path) / "checkpoints").info
    assert (info["best_step"], info["best_score"]) == (15, -13.0)
    again = palestra.resume(outcome.path, out=tmp_path)
    assert (again.steps, again.metrics) == (15, outcome.metrics)


def test_sweeps_in_place_see_what_they_have_just_computed() -> None:
    kwargs = {"size": [8, 9], "step_reward": 0.0, "goal_reward": 1.0}
    config = ValueIteration.config_type(gamma=0.9, order="in_place", block_size=1)
    agent = ValueIteration(World("palestra/GridWorld-v0", kwargs=kwargs), config).learn(100)
    assert agent.clock <= 4  # the first sweep against the current, the second with it, and one that changes nothing
    assert plan("synchronous", "palestra/GridWorld-v0", kwargs, gamma=0.9).clock == 16


def test_policy_iteration_improves_each_time() -> None:
    agent = PolicyIteration("FrozenLake-v1", PolicyIteration.config_type(gamma=0.9, evaluation="exact"))
    values = []
    while not agent.finished:
        agent.step()
        values.append(agent.policy.value_S.clone())
    assert len(values) >= 2
    assert all((after >= before - 1e-12).all() for before, after in itertools.pairwise(values))


def test_pictures_are_drawn(tmp_path: Path) -> None:
    for number, (env, kwargs) in enumerate((("FrozenLake-v1", {}), ("Taxi-v4", {}))):
        drawn = draw_exhibits(plan("synchronous", env, kwargs, gamma=0.9).exhibits(), tmp_path / str(number))
        assert [path.name for path in drawn] == ["value-and-policy.png", "convergence.png"]
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)


def test_a_million_states(tmp_path: Path) -> None:
    kwargs = {"size": 1_000, "step_reward": 0.0, "goal_reward": 1.0, "max_episode_steps": 1_998}
    assert finite_mdp("palestra/GridWorld-v0", kwargs).num_states == 1_000_000
    agent = ValueIteration(World("palestra/GridWorld-v0", kwargs=kwargs), ValueIteration.config_type(gamma=0.999))
    agent.step()
    assert agent.policy.value_S[-1001] == 1.0  # above the goal
    saved = agent.save(tmp_path / "million")
    loaded = palestra.load(saved)
    assert isinstance(loaded, ValueIteration)
    assert torch.equal(loaded.policy.value_X, agent.policy.value_X)


def test_worlds_without_a_table_are_refused() -> None:
    with pytest.raises(UsageError, match=r"CartPole-v1.*no table P"):
        ValueIteration("CartPole-v1")
    with pytest.raises(UsageError, match=r"gamma=1.5"):
        ValueIteration.config_type(gamma=1.5)
    with pytest.raises(UsageError, match=r"evaluation=exact of 10000 states"):
        PolicyIteration(
            World("palestra/GridWorld-v0", kwargs={"size": 100}), PolicyIteration.config_type(evaluation="exact")
        )
