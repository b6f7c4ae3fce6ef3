"""Masks become a part of what is observed, wherever an environment has them; nothing else is touched."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from locks import Locks

from palestra.envs.given import given_world
from palestra.envs.masks import MaskedObservation, action_mask, with_mask, without_mask
from palestra.envs.registry import make_vec
from palestra.envs.spaces import AdaptedObservation, adapted_observation_space
from palestra.errors import PalestraError


@pytest.mark.parametrize("how", ["dict", "info"])
@pytest.mark.parametrize("backend", ["sync", "async"])
def test_a_vector_environment_shows_what_is_allowed_now(how: str, backend: str) -> None:
    kind = {"sync": gym.vector.SyncVectorEnv, "async": gym.vector.AsyncVectorEnv}[backend]
    given = kind([lambda: Locks(how)] * 2)
    env = given_world(given, 2).make()
    given.close()
    mask, there = env.mask, Locks(how)
    assert mask is not None
    obs = env.reset(0)
    assert torch.equal(mask.of(obs)[0].nonzero().flatten().sort().values, torch.from_numpy(np.sort(there.turning[0])))
    assert mask.rest(obs).tolist() == [[1.0, 0.0, 0.0, 0.0]] * 2
    obs = env.step(torch.tensor([there.turning[0][0], there.turning[0][1]])).obs
    for row, lock in zip(mask.of(obs), (1, 0), strict=True):
        assert row.nonzero().flatten().tolist() == sorted(there.turning[lock])
    env.close()


def test_a_mask_beside_a_picture() -> None:
    class Seen(Locks):
        def __init__(self) -> None:
            super().__init__("info")
            self.observation_space = spaces.Box(0, 255, (3, 8, 8), np.uint8)

        def _seen(self) -> Any:
            return np.full((3, 8, 8), 7, np.uint8)

    env = given_world(Seen, 3).make()
    assert env.mask is not None
    allowed = env.mask.of(env.reset(0))
    assert allowed.shape == (3, 64)
    assert allowed[0].nonzero().flatten().tolist() == sorted(Seen().turning[0])


def adapted(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    space, convert = adapted_observation_space(env.observation_space, "test")
    return env if convert is None else AdaptedObservation(env, space, convert)


def test_choices_of_several_kinds_have_one_mask() -> None:
    env = Locks()
    env.action_space = spaces.MultiDiscrete([60, 4])  # type: ignore[assignment]
    assert action_mask(adapted(env)) is not None
    env.action_space = spaces.MultiDiscrete([60, 5])  # type: ignore[assignment]
    assert action_mask(adapted(env)) is None
    env.action_space = spaces.Box(-1, 1, (64,))  # type: ignore[assignment]
    assert action_mask(adapted(env)) is None


def test_the_rest_keeps_its_order() -> None:
    names = ("z", "action_mask", "a")
    env = Locks()
    env.observation_space = spaces.Dict([(name, spaces.MultiBinary(64)) for name in names])
    assert list(without_mask(env.observation_space)) == ["z", "a"]
    own, seen = env.observation_space.sample(), adapted(env)
    mask = action_mask(seen)
    assert isinstance(seen, AdaptedObservation)
    assert mask is not None
    row = torch.from_numpy(seen.observation(own))[None]
    assert mask.rest(row).tolist() == [[*own["z"].tolist(), *own["a"].tolist()]]
    assert mask.of(row).tolist() == [own["action_mask"].astype(bool).tolist()]


def test_what_has_none_is_left_alone() -> None:
    assert make_vec("CartPole-v1", 1).mask is None
    assert make_vec("Taxi-v4", 1, backend="sync").mask is None  # whose mask only spares what changes nothing
    env = Locks("none")
    assert with_mask(env) is env
    assert action_mask(adapted(env)) is None


def test_info_that_stops_telling_is_named() -> None:
    class Forgetful(Locks):
        def _info(self) -> dict[str, Any]:
            return super()._info() if self.elapsed == 0 else {}

    env = with_mask(Forgetful("info"))
    assert isinstance(env, MaskedObservation)
    env.reset(seed=0)
    with pytest.raises(PalestraError, match=r"info without action_mask of 64 numbers, .*; expected one with every"):
        env.step(Locks().turning[0][1])
