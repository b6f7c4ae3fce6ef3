"""Value iteration comes to the optimum, in every order of its sweeps."""

from pathlib import Path
from typing import Any

import planning_checks
import pytest
import torch

import palestra
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.finite.catalogue import finite_mdp
from palestra.envs.world import World
from palestra.learners.dynamic.value_iteration import ValueIteration
from palestra.runs import checkpoints

EVERY = pytest.mark.parametrize("method", ["synchronous", "in place", "in place, blocks", "prioritised"])


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


@EVERY
def test_without_discount(method: str) -> None:
    planning_checks.check_without_discount(method)


@EVERY
def test_without_backups_nothing_is_found(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planning_checks.check_without_backups(method, monkeypatch)


def test_the_error_is_within_the_tolerance() -> None:
    for tolerance in (1e-1, 1e-3, 1e-6):
        for order in ("synchronous", "in_place", "prioritised"):
            config = ValueIteration.config_type(gamma=0.9, tolerance=tolerance, order=order)
            rough = ValueIteration("FrozenLake-v1", config).learn(5_000)
            exact = planning_checks.plan("policy iteration, exact", "FrozenLake-v1", gamma=0.9)
            assert (rough.policy.value_S - exact.policy.value_S).abs().max() <= tolerance


def test_it_stops_where_nothing_is_left_to_do_and_its_metrics_say_so() -> None:
    agent = ValueIteration(
        World("CliffWalking-v1", kwargs=planning_checks.CLIFF), ValueIteration.config_type(gamma=0.9)
    )
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
    assert planning_checks.plan("synchronous", "palestra/GridWorld-v0", kwargs, gamma=0.9).clock == 16


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
