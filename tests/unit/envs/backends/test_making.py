"""One environment is made in the contract's form, and what is in the way of it is told."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from palestra.envs.backends import making
from palestra.envs.backends.making import find_spec, make_given, make_gym_env
from palestra.envs.misbehaviour import Misbehaviour
from palestra.errors import UsageError


def test_an_unknown_id_names_the_nearest() -> None:
    for given in ("CartPole-v7", "Cartpole-v1", "CartPole", "no/such thing", "no_such_module:Env-v0"):
        with pytest.raises(UsageError, match=f"unknown environment '{given}'; nearest: "):
            find_spec(given)
    with pytest.raises(UsageError, match="CartPole-v1"):
        make_gym_env("Cartpole-v1")


@pytest.mark.parametrize(
    ("env_id", "extra"), [("LunarLander-v3", "box2d"), ("Ant-v5", "mujoco"), ("BipedalWalker-v3", "box2d")]
)
def test_a_missing_dependency_names_its_extra(env_id: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(*args: Any, **kwargs: Any) -> Any:
        raise gym.error.DependencyNotInstalled("not installed")

    monkeypatch.setattr(making.gym, "make", not_installed)
    with pytest.raises(UsageError, match=rf"environment '{env_id}' needs .* pip install .*\[{extra}\]'"):
        make_gym_env(env_id)
    with pytest.raises(UsageError, match="'CartPole-v1' cannot be made here: not installed"):
        make_gym_env("CartPole-v1")


def test_an_environment_that_moved_away_is_told() -> None:
    pytest.importorskip("mujoco", reason="the [mujoco] extra is not installed")
    with pytest.raises(UsageError, match=r"'Ant-v3' cannot be made here: .*gymnasium-robotics"):
        make_gym_env("Ant-v3")


def test_a_constructor_that_raises_is_told_by_whose_fault_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"its constructor raised TypeError: .*expected arguments \(--env-kwargs\)"):
        make_gym_env("CartPole-v1", env_kwargs={"no_such_setting": 1})

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise KeyError("its own fault")

    monkeypatch.setattr(making.gym, "make", broken)
    with pytest.raises(Misbehaviour, match="its constructor raised KeyError: 'its own fault'; expected an"):
        make_gym_env("CartPole-v1")


def test_it_shows_the_contracts_form_and_can_be_drawn() -> None:
    env = make_gym_env("FrozenLake-v1", render_mode="rgb_array", env_kwargs={"is_slippery": False})
    obs, _ = env.reset(seed=0)
    assert obs.dtype == np.float32
    assert obs.tolist() == [1.0] + [0.0] * 15
    frame = env.render()
    assert isinstance(frame, np.ndarray)
    assert frame.dtype == np.uint8
    env.close()


def test_what_a_function_makes_shows_it_too() -> None:
    env = make_given(lambda: gym.make("FrozenLake-v1"), "mine")
    assert env.reset(seed=0)[0].tolist() == [1.0] + [0.0] * 15
    env.close()

    def with_text() -> gym.Env[Any, Any]:
        made = gym.make("FrozenLake-v1")
        made.observation_space = spaces.Text(3)
        return made

    with pytest.raises(UsageError, match="observation space Text"):
        make_given(with_text, "mine")
