"""Where a policy is measured: so many whole episodes, in environments that are kept for as long as they serve."""

from typing import Any

import grasp
import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.engine.agent import Actor, Agent
from palestra.engine.arena import MAX_EVAL_ENVS, Arena
from palestra.envs.registry import make_vec
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.measure import Measure
from palestra.policies.random import Random


class Unending(gym.Env[Any, Any]):
    """Pays one for each step, for ever."""

    observation_space, action_space = spaces.Box(-1.0, 1.0, (2,), np.float32), spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return np.zeros(2, np.float32), {}

    def step(self, action: Any) -> Any:
        return np.zeros(2, np.float32), 1.0, False, False, {}


gym.register("test/Unending-v0", entry_point=Unending)


def counting(num_envs: int = 2) -> Agent:
    return Actor(Random, World("probe/Counting", num_envs))


@pytest.mark.parametrize("episodes", [1, 7, 100, 250])
def test_evaluation_takes_exactly_so_many_episodes(episodes: int) -> None:
    evaluation = counting().evaluate(episodes=episodes, seed=3)
    samples = evaluation.samples
    assert samples.shape == (episodes,)
    assert evaluation.score == pytest.approx(float(samples.mean()))
    assert evaluation.metrics["eval/return_mean"] == evaluation.score
    assert evaluation.metrics["eval/return_min"] == float(samples.min())
    assert evaluation.metrics["eval/return_max"] == float(samples.max())
    # probe/Counting pays 1 + 2 + ... + length over an episode.
    length = evaluation.metrics["eval/length_mean"] * episodes
    assert length == pytest.approx(float(((8 * samples + 1).sqrt() - 1).div(2).sum()))


def test_no_episodes_are_no_evaluation() -> None:
    with pytest.raises(UsageError, match="episodes=0; expected at least 1"):
        counting().evaluate(episodes=0)


def test_the_batches_of_a_long_evaluation_are_different_episodes() -> None:
    first, second = counting().evaluate(episodes=200, seed=3).samples.split(100)
    assert not torch.equal(first, second)


def test_episodes_beyond_a_limit_are_cut_counted_and_said_once_for_all() -> None:
    agent = Actor(Random, World("test/Unending-v0"))
    with pytest.warns(UserWarning, match=r"'test/Unending-v0' cut episodes after 10,000 steps .* no time limit"):
        found = agent.evaluate(episodes=2)
    assert (found.score, found.metrics["eval/cut"]) == (10_000, 2)
    asked = agent.measured(Measure(3, max_steps=30))  # by name: nothing is said
    assert (asked.metrics["eval/length_mean"], asked.metrics["eval/cut"]) == (30, 3)
    assert "eval/cut" not in counting().evaluate(episodes=5).metrics


def test_only_the_episodes_that_count_are_counted_as_cut() -> None:
    agent = Actor(Random, World("test/Unending-v0"))
    arena = Arena(World("test/Unending-v0"), torch.device("cpu"), lambda count, split: make_vec("test/Unending-v0", 2))
    assert arena.measured(agent.policy, Measure(3, max_steps=5)).metrics["eval/cut"] == 3


def test_environments_are_kept_for_a_measure_of_the_same_kind_and_closed_for_another() -> None:
    made: list[tuple[int, str]] = []
    closed: list[int] = []

    def make(count: int, split: str) -> VectorEnv:
        made.append((count, split))
        env: Any = make_vec("probe/Counting", min(count, MAX_EVAL_ENVS))
        env.close = lambda: closed.append(count)
        return env

    agent, arena = counting(), Arena(World("probe/Counting"), torch.device("cpu"), make)
    for measure in (Measure(5), Measure(5, seed=9), Measure(5, "reference"), Measure(250)):
        assert len(arena.measured(agent.policy, measure).samples) == measure.count
    assert made == [(5, ""), (5, "reference"), (250, "")]
    assert closed == [5, 5]
    arena.close()
    arena.close()
    assert closed == [5, 5, 250]


def test_an_evaluation_says_what_the_environment_said_of_exactly_its_episodes() -> None:
    evaluation = Actor(Random, World(grasp.ID, 2)).evaluate(episodes=130, seed=3)
    metrics = evaluation.metrics
    # An episode pays the last action alone, which is its success too.
    assert 0.2 < metrics["eval/is_success"] == evaluation.score
    assert metrics["eval/length"] == pytest.approx(metrics["eval/length_mean"])
    assert 2 <= metrics["eval/time_to_success"] <= 6
    assert metrics["eval/return_mean"] == evaluation.score < 1e9  # ours, whatever the environment calls so
    assert set(metrics) >= {"eval/drag", "eval/return_min"}
    assert not any("how" in name or "inner" in name or "path" in name for name in metrics)


def test_a_game_of_atari_is_measured_whole_and_as_it_counts_itself() -> None:
    pytest.importorskip("ale_py", reason="the [atari] extra is not installed")
    world = World("ALE/Breakout-v5", 2, kwargs={"size": 42, "max_episode_steps": 400})
    agent = Actor(Random, world)
    env = Arena(world, torch.device("cpu")).make_env(2, "")
    assert env.reset(0).shape == (2, 4, 42, 42)
    found = agent.evaluate(episodes=2)
    assert found.metrics["eval/game_score"] == found.score
    assert found.metrics["eval/game_steps"] == found.metrics["eval/length_mean"] > 100  # more than its lives last
    agent.close()
    env.close()
