"""Episodes for tests: in a world of coins, and of any shape."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.datasets import recorded
from palestra.datasets.episodes import Episodes
from palestra.envs import registry
from palestra.envs.dynamics import Dynamics
from palestra.envs.registry import make_vec
from palestra.envs.space_json import space_to_json

STEPS = 4
COINS = "probe/Coins"


class Coins(Dynamics):
    """Four steps that look alike; action 1 pays 1, action 0 nothing."""

    observation_space = spaces.Box(-1.0, 1.0, (1,))
    action_space = spaces.Discrete(2)
    max_episode_steps = None

    def initial_state(self, num: int) -> Tensor:
        return torch.zeros(num, 1)

    def observe(self, state: Tensor) -> Tensor:
        return torch.zeros_like(state)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return state + 1, action.float(), state[:, 0] == STEPS - 1


def facts_of(env_id: str) -> dict[str, Any]:
    env = make_vec(env_id, 1)
    named = {"observation": space_to_json(env.observed.own), "action": space_to_json(env.action_space)}
    env.close()
    return {"env": env_id, "env_kwargs": {}, "spaces": named, "recorded": []}


def episodes(env_id: str, lengths: list[int], seed: int = 0, **given: Any) -> Episodes:
    """Episodes of these lengths in a world, of random numbers where nothing is given; they end by turns."""
    env, rng, steps = make_vec(env_id, 1), np.random.default_rng(seed), sum(lengths)
    shape, space = env.observation_space.shape, env.action_space
    if isinstance(space, spaces.Discrete):
        action: Any = rng.integers(space.n, size=steps)
    else:
        action = rng.uniform(space.low, space.high, (steps, *space.shape)).astype(np.float32)
    ends = np.cumsum(lengths)
    last = np.zeros((2, steps), bool)
    last[np.arange(len(lengths)) % 2, ends - 1] = True
    columns = {
        "observations": rng.normal(size=(steps, *shape)).astype(np.float32), "actions": action,
        "rewards": rng.integers(-2, 3, steps).astype(np.float32), "terminated": last[0], "truncated": last[1],
        "ends": ends, "final_observations": rng.normal(size=(len(lengths), *shape)).astype(np.float32),
        "facts": facts_of(env_id),
    }  # fmt: skip
    env.close()
    return Episodes(**{**columns, **given})


def coins(number: int, seed: int = 0) -> Episodes:
    """Episodes of fair coins."""
    action = np.random.default_rng(seed).integers(2, size=number * STEPS)
    zeros = np.zeros((number * STEPS, 1), np.float32)
    ends = np.arange(number * STEPS) % STEPS == STEPS - 1
    return episodes(
        COINS, [STEPS] * number, observations=zeros, actions=action, rewards=action.astype(np.float32),
        terminated=ends, truncated=np.zeros_like(ends), final_observations=zeros[:number],
    )  # fmt: skip


def known_as(monkeypatch: pytest.MonkeyPatch, name: str, made: Episodes) -> str:
    """Make episodes known under a name for the length of a test; the name."""
    monkeypatch.setitem(recorded.MADE, name, lambda: made)
    return name


def with_coins(monkeypatch: pytest.MonkeyPatch, number: int = 400) -> str:
    """The world of coins, and the name of episodes in it."""
    monkeypatch.setitem(registry.PROBES, COINS, Coins)
    return known_as(monkeypatch, "coins", coins(number))
