"""Which backend an id gets, and what is refused."""

from typing import Any

import pytest
import torch

from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.cartpole import CartPole
from palestra.envs.dynamics import Dynamics
from palestra.envs.finite.blackjack import Blackjack
from palestra.envs.finite.dynamics import FiniteDynamics
from palestra.envs.probes import Counting
from palestra.envs.registry import CLASSIC, make_vec, reference_env, torch_env_ids
from palestra.envs.spaces import to_env_action
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError


def dynamics(env: VectorEnv) -> Dynamics:
    assert isinstance(env, TorchVectorEnv)
    return env.dynamics


def test_auto_takes_torch_where_it_can() -> None:
    assert isinstance(dynamics(make_vec("CartPole-v1", 2)), CartPole)
    assert isinstance(dynamics(make_vec("probe/Counting", 2)), Counting)
    assert isinstance(make_vec("CartPole-v1", 2, env_kwargs={"sutton_barto_reward": True}), GymVectorEnv)
    assert isinstance(make_vec("CartPole-v1", 2, backend="sync"), GymVectorEnv)
    assert isinstance(dynamics(make_vec("Taxi-v4", 2)), FiniteDynamics)
    assert isinstance(dynamics(make_vec("FrozenLake-v1", 2, env_kwargs={"is_slippery": False})), FiniteDynamics)
    assert isinstance(make_vec("FrozenLake-v1", 2, env_kwargs={"map_name": None}), GymVectorEnv)
    assert isinstance(make_vec("Taxi-v4", 2, env_kwargs={"fickle_passenger": True}), GymVectorEnv)
    assert isinstance(dynamics(make_vec("Blackjack-v1", 2, env_kwargs={"natural": True, "sab": False})), Blackjack)
    assert isinstance(make_vec("Blackjack-v1", 2, backend="sync"), GymVectorEnv)


def test_every_torch_id_is_listed_and_made() -> None:
    assert set(CLASSIC) < set(torch_env_ids())
    for env_id in torch_env_ids():
        env = make_vec(env_id, 2, backend="torch", device=torch.device("cpu"))
        assert env.reset(0).shape == (2, *env.observation_space.shape)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("CartPole-v1", 2, {"backend": "torhc"}), "unknown backend 'torhc'; nearest: torch"),
        (("CartPole-v1", 0, {}), "num_envs=0; expected at least 1"),
        (("LunarLander-v3", 1, {"backend": "torch"}), "backend 'torch' does not have the environment 'LunarLander-v3'"),
        (("Blackjack-v1", 1, {"backend": "torch", "env_kwargs": {"a": 1}}), "use backend='sync' for them"),
        (("Blackjack-v1", 1, {"env_kwargs": {"a": 1}}), r"expected arguments \(--env-kwargs\) that it takes"),
        (("Taxi-v4", 1, {"backend": "torch", "env_kwargs": {"fickle_passenger": True}}), "use backend='sync'"),
        (("palestra/GridWorld-v0", 1, {"env_kwargs": {"sise": 3}}), "unexpected keyword argument 'sise'"),
        (("CartPole-v1", 1, {"backend": "torch", "env_kwargs": {"a": 1}}), "Use backend='sync'"),
        (("probe/Counting", 1, {"env_kwargs": {"a": 1}}), "got env_kwargs"),
        (("probe/Countin", 1, {}), "unknown environment 'probe/Countin'; nearest: probe/Counting"),
        (("CartPole-v9", 1, {}), "unknown environment 'CartPole-v9'; nearest: "),
    ],
)
def test_what_cannot_be_had_is_told(arguments: Any, message: str) -> None:
    env_id, num_envs, options = arguments
    with pytest.raises(UsageError, match=message):
        make_vec(env_id, num_envs, **options)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "Taxi-v4"])
def test_a_reference_env_takes_a_policys_actions_and_shows_what_the_vector_env_shows(env_id: str) -> None:
    reference, vector = reference_env(env_id), make_vec(env_id, 1)
    assert reference.observation_space == vector.observation_space
    assert reference.action_space == vector.action_space
    obs, _ = reference.reset(seed=0)
    assert obs.shape == vector.reset(0).shape[1:]
    space = reference.action_space
    action = torch.zeros(space.shape or (), dtype=torch.float32 if space.shape else torch.int64)
    obs, *_ = reference.step(to_env_action(space, action))
    assert obs.shape == vector.observation_space.shape


def test_a_probe_has_no_reference() -> None:
    with pytest.raises(UsageError, match="exists only as a torch environment"):
        reference_env("probe/Counting")
