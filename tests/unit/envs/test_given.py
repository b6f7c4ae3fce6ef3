"""Worlds that a program gives: they are learned in, measured and acted in, and saved where a name makes the same."""

import functools
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.envs.classic_control import CartPoleEnv
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from gymnasium.wrappers import TimeLimit, TransformReward

import palestra
from palestra.engine.learner import Learner
from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.given import GivenWorld, given_world
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.learners.registry import learner_type

QUICK = PPOConfig(num_steps=16, num_epochs=1, hidden_sizes=(8,))


class Pole(CartPoleEnv):
    """A cart that no id is registered for, with an argument of its own and two actions that count from 1."""

    def __init__(self, bonus: float) -> None:
        super().__init__()
        self.bonus = bonus

    def step(self, action: Any) -> Any:
        obs, reward, *rest = super().step(action)
        return obs, reward + self.bonus, *rest


class Shared:
    """Gives one environment again and again."""

    def __init__(self) -> None:
        self.env = cartpole()

    def __call__(self) -> gym.Env[Any, Any]:
        return self.env


def cartpole(**words: Any) -> gym.Env[Any, Any]:
    return gym.make("CartPole-v1", **words)


def negated() -> gym.Env[Any, Any]:
    """Wrappers compose before."""
    return TransformReward(cartpole(max_episode_steps=40), lambda reward: -float(reward))


def used() -> gym.Env[Any, Any]:
    env = cartpole()
    env.reset(seed=3)
    env.step(1)
    return env


def changed() -> gym.Env[Any, Any]:
    env: Any = cartpole()
    env.unwrapped.gravity = 20.0
    return env  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("make", "kwargs"),
    [
        (cartpole, {}),
        (used, {}),
        (functools.partial(cartpole, sutton_barto_reward=True), {"sutton_barto_reward": True}),
        (functools.partial(cartpole, max_episode_steps=50, render_mode="rgb_array"), {"max_episode_steps": 50}),
        (lambda: TimeLimit(cartpole(), 60), {"max_episode_steps": 60}),
    ],
)
def test_an_environment_as_its_id_makes_it_is_the_world_of_that_id(
    make: Callable[[], gym.Env[Any, Any]], kwargs: dict[str, Any]
) -> None:
    assert given_world(make(), 4) == World("CartPole-v1", 4, kwargs=kwargs)
    made = given_world(make, 4)  # a function may do what cannot be seen: it makes the copies itself
    assert isinstance(made, GivenWorld)
    assert (made.id, made.has_name, made.backend) == ("CartPole-v1", True, "sync")
    assert made.kwargs == {"max_episode_steps": 500, **kwargs}


@pytest.mark.parametrize(
    "make",
    [negated, changed, lambda: Pole(2.0), lambda: TimeLimit(Pole(2.0), 40)],
    ids=["wrapped", "changed", "1", "2"],
)
def test_what_no_id_makes_is_copied_as_it_is(make: Callable[[], gym.Env[Any, Any]]) -> None:
    for source in (make(), make):
        world = given_world(source, 2)
        assert isinstance(world, GivenWorld)
        assert not world.has_name
        ours, theirs = world.make(), make()
        obs, _ = theirs.reset(seed=5)
        assert isinstance(ours, GymVectorEnv)
        ours.reset(0)
        capture = ours._env.envs[0]  # type: ignore[attr-defined]
        capture.env.reset(seed=5)
        for _ in range(5):
            expected = theirs.step(1)
            found = capture.env.step(1)
            assert np.array_equal(found[0], expected[0])
            assert found[1:4] == expected[1:4]
        assert np.isfinite(obs).all()


def test_theirs_is_left_alone() -> None:
    env: Any = TimeLimit(Pole(1.0), 30)
    env.reset(seed=1)
    before = env.unwrapped.state.copy()
    agent = PPO(env, QUICK).learn(64)
    agent.evaluate(episodes=2)
    agent.close()
    assert np.array_equal(env.unwrapped.state, before)
    env.unwrapped.bonus = 5.0
    assert env.step(1)[1] == 6.0


@pytest.mark.parametrize(
    "source",
    [
        lambda: TimeLimit(Pole(1.0), 30),
        TimeLimit(Pole(1.0), 30),
        SyncVectorEnv([lambda: TimeLimit(Pole(1.0), 30)] * 8),
    ],
    ids=["function", "object", "vector"],
)
def test_an_agent_learns_evaluates_and_predicts(source: Any) -> None:
    agent = PPO(source, QUICK, seed=3).learn(256)
    assert agent.clock == 256
    evaluation = agent.evaluate(episodes=3)
    assert evaluation.score == 2.0 * evaluation.metrics["eval/length_mean"]
    assert evaluation.metrics["eval/length_mean"] <= 30
    assert agent.predict(np.zeros(4, np.float32)) in (0, 1)
    agent.close()


def test_vector_environments_say_how_many_and_how() -> None:
    functions = [cartpole, functools.partial(cartpole, max_episode_steps=7), cartpole]
    world = given_world(SyncVectorEnv(functions), 8)
    assert (world.num_envs, world.backend) == (3, "sync")
    assert not isinstance(world, GivenWorld) or not world.has_name  # they differ
    env = world.make()
    env.reset(0)
    action = torch.tensor([0, 0, 0])
    lengths = [int(env.step(action).truncated.nonzero().sum()) for _ in range(7)]
    assert lengths == [0] * 6 + [1]  # the second copy is the second function's
    started = AsyncVectorEnv([cartpole] * 2)
    assert given_world(started, 8).backend == "async"
    started.close()
    assert given_world(gym.make_vec("CartPole-v1", 3, "vector_entry_point"), 8) == World("CartPole-v1", 3)
    named = given_world(gym.make_vec("CartPole-v1", 3, "sync", sutton_barto_reward=True), 8)
    assert (named.id, named.num_envs, named.kwargs["sutton_barto_reward"]) == ("CartPole-v1", 3, True)


def test_a_table_is_learned_in_a_given_world_without_a_limit() -> None:
    def lake() -> gym.Env[Any, Any]:
        return gym.make("FrozenLake-v1", is_slippery=False, max_episode_steps=-1).unwrapped

    agent = learner_type("q-learning")(lake, seed=1).learn(20_000)
    assert agent.evaluate(episodes=5).score == 1.0
    agent.close()


@pytest.mark.parametrize("source", [cartpole, cartpole()], ids=["function", "object"])
def test_what_has_a_name_is_saved_and_goes_on_bit_for_bit(source: Any, tmp_path: Path) -> None:
    agent = PPO(source, QUICK).learn(256)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agent.save(tmp_path)
    loaded: Learner = palestra.load(tmp_path)
    for one in (agent, loaded):
        one.learn(256)
    assert isinstance(loaded, PPO)
    pairs = zip(agent.modules.parameters(), loaded.modules.parameters(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)


def test_what_has_none_is_saved_with_a_word_and_loaded_once_it_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = PPO(negated, QUICK).learn(128)
    with pytest.warns(UserWarning, match=r"\(made by negated\) has no name .* gymnasium.register it"):
        agent.save(tmp_path)
    with pytest.warns(
        UserWarning, match=r"\(made by negated\) has no name .* world.id into the config.json.* predicts"
    ):
        palestra.load(tmp_path)
    monkeypatch.setitem(gym.registry, "GivenNegated-v0", gym.envs.registration.EnvSpec("GivenNegated-v0", negated))
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace("(made by negated)", "GivenNegated-v0"))
    loaded: Any = palestra.load(tmp_path)
    assert loaded.clock == agent.clock
    assert loaded.evaluate(episodes=2).score < 0


class NoGym:
    """Of another library."""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"gamma": 0.9}, r"\{'gamma': 0.9\} to learn in; expected an environment's id, a function"),
        (dict, "<class 'dict'> to learn in; expected an environment's id"),
        (None, "None to learn in"),
        (NoGym(), "a NoGym to learn in"),
        (lambda: NoGym(), "returned a NoGym; expected a gymnasium.Env"),
        (Pole, "Pole, called to make an environment, failed: TypeError: .*'bonus'; expected it to need no argument"),
        (lambda: 1 / 0, "failed: ZeroDivisionError"),
        (Shared(), r"Shared\(\) gives the same environment each time; expected a new one"),
        (gym.wrappers.vector.RecordEpisodeStatistics(SyncVectorEnv([cartpole])), "with all wrappers inside it"),
    ],
)
def test_anything_else_is_one_clear_line(source: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said) as told:
        PPO(source, QUICK)
    assert "\n" not in str(told.value)


def test_an_environment_that_cannot_be_copied_needs_a_name_or_a_function() -> None:
    env: Any = cartpole()
    env.unwrapped.handle = warnings  # a module, which no copy can be made of
    with pytest.raises(UsageError, match=r"cannot be copied .*expected its id, or a function"):
        PPO(env, QUICK)


@pytest.mark.parametrize("config", [{"gamma": 0.9}, PPOConfig, 0.9, palestra.DQNConfig()])
def test_settings_of_another_kind_are_one_clear_line(config: Any) -> None:
    with pytest.raises(UsageError, match=r"settings .*; expected PPOConfig\(\.\.\.\), or none"):
        PPO("CartPole-v1", config)


def test_what_a_function_makes_is_played_by_its_table_where_that_proves_true() -> None:
    class Switch(gym.Env[Any, Any]):
        """Two states; the table of the second kind lies."""

        observation_space, action_space = gym.spaces.Discrete(2), gym.spaces.Discrete(2)

        def __init__(self, reward: float = 1.0) -> None:
            self.P = {s: {a: [(1.0, a, reward * a, False)] for a in range(2)} for s in range(2)}

        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            super().reset(seed=seed)
            return 0, {}

        def step(self, action: Any) -> Any:
            return int(action), float(action), False, False, {}

    world = given_world(lambda: TimeLimit(Switch(), 7), 3)
    env = world.make()
    assert isinstance(env, TorchVectorEnv)
    assert env.max_episode_steps == 7
    assert isinstance(world.make(reference=True), GymVectorEnv)
    assert isinstance(replace(world, backend="sync").make(), GymVectorEnv)
    with pytest.warns(UserWarning, match="has a table P, but is stepped itself: P lacks what was seen"):
        world = given_world(lambda: Switch(reward=2.0), 3)
    assert isinstance(world.make(), GymVectorEnv)


def test_how_long_a_worker_may_take_is_obeyed_and_saved() -> None:
    world = replace(given_world(lambda: Pole(1.0), 2), worker_timeout=7.0)
    env = world.make()
    assert isinstance(env, GymVectorEnv)
    assert env._worker_timeout == 7.0
    env.close()
    with pytest.warns(UserWarning, match="no name"):
        assert world.to_json()["worker_timeout"] == 7.0


def test_an_environment_of_ale_py_is_not_our_chain_of_the_same_id() -> None:
    ale_py = pytest.importorskip("ale_py", reason="the [atari] extra is not installed")
    gym.register_envs(ale_py)
    world = given_world(lambda: gym.make("ALE/Breakout-v5", obs_type="grayscale"), 1)
    assert isinstance(world, GivenWorld)
    assert not world.has_name
    copies = world.make()
    assert copies.reset(0).shape == (1, 210, 160)
    copies.close()
