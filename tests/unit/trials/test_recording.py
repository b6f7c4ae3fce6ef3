"""Recording: what is written is what was played, and who played it."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import palestra
from palestra.datasets.episodes import read_episodes
from palestra.engine.agent import Actor
from palestra.engine.luck import generators
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.policies.random import Random
from palestra.runs.checkpoints import load_latest
from palestra.runs.store import read_config
from palestra.trials.recording import record_episodes


def test_episodes_are_those_of_the_world_and_of_the_agent(quick_run: Path, tmp_path: Path) -> None:
    found = record_episodes(quick_run, tmp_path / "a.npz", episodes=7, seed=3)
    assert read_episodes(tmp_path / "a.npz").digest == found.digest
    assert len(found.ends) == 7
    agent = palestra.load(quick_run)
    np.testing.assert_array_equal(agent.predict(found.observations), found.actions)
    env: Any = gym.make("CartPole-v1").unwrapped
    for start, end, final in zip(found.starts, found.ends, found.final_observations):
        env.reset()
        env.state = found.observations[start].astype(np.float64)
        for step in range(start, end):
            obs, reward, terminated, _, _ = env.step(int(found.actions[step]))
            after = final if step == end - 1 else found.observations[step + 1]
            np.testing.assert_allclose(obs, after, atol=1e-3)
            assert (reward, terminated) == (found.rewards[step], found.terminated[step])
            env.state = after.astype(np.float64)
    agent.close()


def test_the_seed_alone_decides_and_who_was_recorded_is_noted(quick_run: Path, tmp_path: Path) -> None:
    one, same, other = (
        record_episodes(quick_run, tmp_path / "a.npz", episodes=3, seed=seed, deterministic=False, random_share=0.3)
        for seed in (1, 1, 2)
    )
    assert one.digest == same.digest != other.digest
    (source,) = one.facts["recorded"]
    assert (source["run"], source["learner"], source["recipe"]) == (quick_run.name, "ppo", "toy/quick")
    assert (source["episodes"], source["steps"]) == (3, len(one.rewards))
    assert source["return_mean"] == pytest.approx(one.returns.mean())
    assert source["return_max"] == one.returns.max()
    assert {"step", "commit", "return_min", "return_std"} <= source.keys()
    assert (one.facts["env"], one.facts["env_kwargs"]) == ("CartPole-v1", {})
    assert one.facts["arguments"] == {
        "episodes": 3, "seed": 1, "deterministic": False, "random_share": 0.3, "max_steps": 0, "which": "best",
    }  # fmt: skip
    assert read_config(quick_run)["world"]["id"] == one.facts["env"]


def test_a_share_of_the_actions_is_drawn_by_chance(quick_run: Path, tmp_path: Path) -> None:
    found = record_episodes(quick_run, tmp_path / "a.npz", episodes=60, random_share=0.5)
    agent = palestra.load(quick_run)
    own = agent.predict(found.observations)
    assert np.mean(own == found.actions) == pytest.approx(0.75, abs=0.05)
    agent.close()


def test_several_runs_make_mixed_data_of_one_world(tmp_path: Path) -> None:
    saved = {}
    for name, world in {
        "one": World("CartPole-v1"), "two": World("CartPole-v1", 3), "other": World("Pendulum-v1"),
        "longer": World("CartPole-v1", kwargs={"max_episode_steps": 7}),
    }.items():  # fmt: skip
        saved[name] = Actor(Random, world, seed=len(saved)).save(tmp_path / name)
    found = record_episodes([saved["one"], saved["two"]], tmp_path / "a.npz", episodes=110)
    assert [source["run"] for source in found.facts["recorded"]] == ["one", "two"]
    assert len(found.ends) == 220  # of 100 copies at most, and each a whole one
    assert len({tuple(obs) for obs in found.observations[found.starts].tolist()}) == 220
    for name in ("other", "longer"):
        with pytest.raises(UsageError, match="of different worlds; expected runs of one world"):
            record_episodes([saved["one"], saved[name]], tmp_path / "b.npz", episodes=1)
    assert not (tmp_path / "b.npz").exists()
    cut = record_episodes(saved["other"], tmp_path / "c.npz", episodes=2, max_steps=5)
    assert (cut.lengths.tolist(), cut.truncated[cut.ends - 1].tolist()) == ([5, 5], [True, True])
    assert cut.actions.dtype == np.float32


def test_what_was_recorded_is_learned_from_and_found_again(quick_run: Path, tmp_path: Path) -> None:
    record_episodes(quick_run, tmp_path / "a.npz", episodes=20)
    data = {"data": str(tmp_path / "a.npz"), "batch_size": 8, "batches_per_step": 4}
    settings = {**data, "eval_every": 0, "learning_rate_schedule": "constant"}
    run = palestra.train("cartpole-recorded/behaviour-cloning", out=tmp_path, budget=300, **settings).path
    assert palestra.resume(run, total_timesteps=600).notes == []
    facts = load_latest(Path(run) / "checkpoints").info["data"]
    assert facts["sha256"] == read_episodes(tmp_path / "a.npz").digest
    record_episodes(quick_run, tmp_path / "a.npz", episodes=20, seed=1)
    (note,) = palestra.resume(run, total_timesteps=900).notes
    assert note.startswith("not exact: the recorded episodes are others")


def test_an_agent_that_was_recorded_goes_on_as_it_was(quick_run: Path, tmp_path: Path, monkeypatch: Any) -> None:
    agent = palestra.load(quick_run)
    before = [generator.get_state().tolist() for generator in generators(agent.policy)]
    monkeypatch.setattr("palestra.trials.recording.load", lambda *_, **__: agent)
    record_episodes(quick_run, tmp_path / "a.npz", episodes=2, deterministic=False)
    assert [generator.get_state().tolist() for generator in generators(agent.policy)] == before


def test_what_cannot_be_recorded(quick_run: Path, tmp_path: Path) -> None:
    saved = palestra.SoftmaxRegression("iris").save(tmp_path / "saved")
    with pytest.raises(UsageError, match="acts in no environment; expected a run of an agent"):
        record_episodes(saved, tmp_path / "a.npz")
    for wrong in ({"episodes": 0}, {"random_share": 1.5}, {"seed": -1}, {"max_steps": -1}):
        with pytest.raises(UsageError, match=f"{next(iter(wrong))}=.*; expected"):
            record_episodes(quick_run, tmp_path / "a.npz", **wrong)
    with pytest.raises(UsageError, match="no run; expected one or several"):
        record_episodes([], tmp_path / "a.npz")
    assert not (tmp_path / "a.npz").exists()
