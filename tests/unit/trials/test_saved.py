"""Saved learners: given back as they were, and measured the same each time."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from quick import QUICK

import palestra
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.ppo import PPO
from palestra.recipes.registry import RECIPES
from palestra.runs import checkpoints
from palestra.trials import saved
from palestra.trials.plan import resolve
from palestra.trials.saved import draw_learned, load, saved_folder
from palestra.trials.train import train


def test_a_run_is_found_by_its_folder_and_by_its_id(quick_run: Path) -> None:
    assert saved_folder(quick_run) == quick_run
    assert saved_folder(quick_run.name, quick_run.parent) == quick_run
    with pytest.raises(UsageError, match=f"unknown run 'toy-quick'; nearest: {quick_run.name}"):
        saved_folder("toy-quick", quick_run.parent)


def test_the_best_or_the_last_comes_back(quick_run: Path) -> None:
    best, last = (load(quick_run, which=which) for which in ("best", "last"))
    manifest = json.loads((quick_run / "manifest.json").read_text())
    assert isinstance(last, PPO)
    assert (best.clock, last.clock) == (manifest["best_step"], 256)
    assert last.config.hidden_sizes == tuple(QUICK.settings["hidden_sizes"])


def test_what_has_nothing_to_show_beyond_its_curves_draws_nothing(quick_run: Path) -> None:
    assert draw_learned(quick_run) == []  # PPO has nothing to show beyond its curves, and networks that a page shows


def test_what_is_drawn_is_what_claims_are_tried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = train("blobs/mlp", out=tmp_path, budget=2_000, claim=False)
    world = train("frozen-lake/value-iteration", out=tmp_path, claim=False)
    drawn = []

    def loaded(folder: Path, which: str) -> object:
        drawn.append(which)
        return load(folder, which=which)  # type: ignore[arg-type]

    monkeypatch.setattr(saved, "load", loaded)
    assert draw_learned(data.path)
    assert draw_learned(world.path)
    assert draw_learned(data.path, which="best")
    assert drawn == ["last", "best", "best"]


def test_a_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    run = Path(train(QUICK, out=tmp_path, seed=7, claim=False, checkpoint_every=0.0).path)
    (checkpoints.find(run / "checkpoints", 256) / "state.json").write_text("{}")
    with pytest.warns(UserWarning, match="step-000000000256 is damaged"):
        assert load(run, which="last").clock < 256


@pytest.mark.parametrize(("text", "said"), [("{", "is not JSON"), ("[]", "holds a list; expected a JSON object")])
def test_a_configuration_that_cannot_be_read_is_named(quick_run: Path, tmp_path: Path, text: str, said: str) -> None:
    copy = Path(shutil.copytree(quick_run, tmp_path / "copy"))
    (copy / "config.json").write_text(text)
    with pytest.raises(UsageError, match=f"config.json {said}"):
        load(copy)


@pytest.fixture
def only_here() -> Iterator[str]:
    env_id = "case/OnlyHere-v0"
    gym.register(env_id, "gymnasium.envs.classic_control.cartpole:CartPoleEnv", max_episode_steps=20)
    yield env_id
    gym.registry.pop(env_id, None)


@pytest.mark.parametrize("name", ["PPO", "DQN"])
def test_a_policy_acts_where_its_world_is_not(tmp_path: Path, only_here: str, name: str) -> None:
    agent = getattr(palestra, name)(only_here).learn(30)
    agent.save(tmp_path)
    gym.registry.pop(only_here)
    with pytest.warns(UserWarning, match="unknown environment 'case/OnlyHere-v0'.* predicts, and does nothing else"):
        there = palestra.load(tmp_path)
    obs = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    np.testing.assert_array_equal(there.predict(obs), agent.predict(obs))
    assert there.clock == agent.clock
    with pytest.raises(UsageError, match="unknown environment"), pytest.warns(UserWarning, match="predicts, and"):
        palestra.evaluate(tmp_path, episodes=2)
    with pytest.raises(UsageError, match="device 'mps:7' is not available"):
        palestra.load(tmp_path, device="mps:7")


def test_a_loop_of_ones_own_is_four_lines(tmp_path: Path) -> None:
    world = World("CartPole-v1", 2, kwargs={"max_episode_steps": 7}, reference_kwargs={"sutton_barto_reward": True})
    folder = palestra.PPO(world).save(tmp_path)
    env, agent = palestra.make_env(folder), palestra.load(folder)
    obs, _ = env.reset(seed=0)
    rewards = []
    for _ in range(7):
        obs, reward, terminated, truncated, _ = env.step(agent.decide(obs, env))
        rewards.append(reward)
    assert (rewards, terminated, truncated) == ([0.0] * 7, False, True)
    assert env.step(agent.predict(obs))[0].shape == (4,)
    assert palestra.make_env(agent, render_mode="rgb_array").render_mode == "rgb_array"


def test_pixels_of_a_recipe_are_seen_by_its_agents(tmp_path: Path) -> None:
    pytest.importorskip("pybullet")
    plan = resolve(RECIPES["arm-reach-pixels/dagger"], {"num_envs": 1, "buffer_size": 64})
    agent = plan.make_learner()
    env = palestra.make_env(agent.save(tmp_path))
    obs, _ = env.reset(seed=0)
    assert env.action_space.contains(agent.predict(obs))
    env.close()


def test_what_learned_goes_on_in_another_world(tmp_path: Path) -> None:
    first = palestra.PPO("CartPole-v1").learn(1_000)
    first.save(tmp_path)
    other = palestra.load(tmp_path, env=World("CartPole-v1", 2, "sync", {"sutton_barto_reward": True}))
    obs = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    np.testing.assert_array_equal(other.predict(obs), first.predict(obs))
    assert (other.clock, other.world.num_envs, other.learn(256).clock) == (0, 2, 256)
    assert palestra.load(tmp_path, env="CartPole-v1").world == World("CartPole-v1", 8)
    with pytest.raises(UsageError, match="expected a world with the same spaces"):
        palestra.load(tmp_path, env="Acrobot-v1")
