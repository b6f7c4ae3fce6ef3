"""The expert does what the world's own expert says, and is refused where there is none."""

from typing import Any

import gymnasium as gym
import pytest
import torch

from palestra.engine.agent import Actor
from palestra.envs.registry import make_vec
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.policies.expert import Expert


def test_it_acts_by_the_worlds_own() -> None:
    env: Any = make_vec("probe/TwoTargets", 3)
    env.expert = lambda: torch.tensor([[2.0, 0.1]] * 3)
    policy = Expert(env)
    assert policy.sees == "state"
    env.reset(0)
    action = policy.act(env)
    assert env.step(action).reward.tolist() == [0.0] * 3  # both targets are met

    class Told(gym.Wrapper):  # type: ignore[type-arg]
        def expert(self) -> int:
            return 1

    assert policy.act(Told(gym.make("CartPole-v1"))) == 1


def test_a_world_without_an_expert_is_refused() -> None:
    with pytest.raises(UsageError, match=r"expert cannot act in 'CartPole-v1': .* has no expert"):
        Actor(Expert, World("CartPole-v1"))
