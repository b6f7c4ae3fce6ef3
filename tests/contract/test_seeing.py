"""Every learner that can encode serves a world that shows images and numbers together, and learns to see it."""

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from recordings import episodes

from palestra.datasets.episodes import Episodes
from palestra.datasets.recorded import MADE
from palestra.envs.registry import make_vec
from palestra.envs.spaces import Packed
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS, learner_type
from palestra.runs.codec import decode, encode

SMALL = {
    "num_steps": 8, "minibatch_size": 16, "num_epochs": 1, "buffer_size": 40, "learning_starts": 8, "batch_size": 8,
    "train_frequency": 8, "gradient_steps": 1, "hidden_sizes": (8,), "encoder": "fast", "random_shift": 2,
}  # fmt: skip


class Both(gym.Env[Any, Any]):
    """Random pictures in stacks of two beside random numbers, for six steps."""

    observation_space = spaces.Dict({
        "eye": spaces.Box(0, 255, (2, 24, 24), np.uint8), "body": spaces.Box(-1.0, 1.0, (3,), np.float32),
    })  # fmt: skip

    def __init__(self, box: bool) -> None:
        self.action_space = spaces.Box(-1.0, 1.0, (2,)) if box else spaces.Discrete(3)

    def _seen(self) -> dict[str, Any]:
        self.eye = np.concatenate((self.eye[1:], self.np_random.integers(256, size=(1, 24, 24), dtype=np.uint8)))
        return {"eye": self.eye, "body": self.np_random.uniform(-1.0, 1.0, 3).astype(np.float32)}

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.n, self.eye = 0, np.zeros((2, 24, 24), np.uint8)
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        self.n += 1
        return self._seen(), float(self.np_random.random()), self.n == 6, False, {}

    def expert(self) -> Any:
        """The mean of the numbers, twice."""
        return np.zeros(2, np.float32)


WORLDS = {"contract/Both-v0": False, "contract/BothBox-v0": True}


@pytest.fixture(scope="module", autouse=True)
def _own_envs() -> Iterator[None]:
    for env_id, box in WORLDS.items():
        gym.register(env_id, lambda box=box: Both(box))
    yield
    for env_id in WORLDS:
        del gym.registry[env_id]
        MADE.pop(env_id, None)


def encoding() -> list[str]:
    """Learners that have a setting for an encoder."""
    return [n for n in LEARNERS if any(f.name.startswith("encoder") for f in fields(n))]


def fields(name: str) -> tuple[Any, ...]:
    return dataclasses.fields(learner_type(name).config_type)


def seen(env_id: str) -> Episodes:
    """Ten episodes, by action 0, of what there is to see."""
    env = make_vec(env_id, 1)
    shown, last, action = [], [], torch.zeros(1, *env.action_space.shape, dtype=torch.float32)
    obs = env.reset(0)
    for step in range(60):
        shown.append(obs.numpy())
        result = env.step(action if env.action_space.shape else action.long())
        obs = result.obs
        if step % 6 == 5:
            last.append(result.final_obs.numpy())
    env.close()
    views = {"observations": np.concatenate(shown), "final_observations": np.concatenate(last)}
    return episodes(env_id, [6] * 10, **views)


def make(name: str, seed: int = 0) -> Any:
    names = {f.name for f in fields(name)}
    settings: dict[str, Any] = {key: value for key, value in SMALL.items() if key in names}
    for env_id in WORLDS:
        if "data" in names:  # it learns from what was recorded there
            MADE.setdefault(env_id, partial(seen, env_id))
            settings["data"] = env_id
        config = learner_type(name).config_type(**settings)
        try:
            return learner_type(name)(World(env_id, 2), config, seed=seed)
        except UsageError as error:
            if "cannot act in" not in str(error):
                raise
    raise AssertionError(f"{name} serves none of {list(WORLDS)}")


def weights(agent: Any) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in agent.modules.named_parameters() if "encoder" in name}


def test_they_are_found() -> None:
    deep = {"ppo", "a2c", "vpg", "trpo", "dqn", "pqn", "discrete-sac", "ddpg", "td3", "sac", "drq", "dagger"}
    assert deep <= set(encoding())


@pytest.mark.parametrize("name", encoding())
def test_it_sees_both_and_goes_on_bit_for_bit(name: str) -> None:
    first, second = make(name), make(name, seed=1)
    assert isinstance(first.env.observation_space, Packed)
    before = weights(first)
    for _ in range(3):
        first.step()
    after = weights(first)
    moved = [n for n in before if not n.startswith("target") and not torch.equal(before[n], after[n])]
    assert len(moved) == sum(not n.startswith("target") for n in before) > 0
    second.load_state_dict(decode(*encode(first.state_dict())))
    assert [first.step() for _ in range(2)] == [second.step() for _ in range(2)]
    for p, q in zip(first.modules.parameters(), second.modules.parameters(), strict=True):
        assert torch.equal(p, q)
    first.close(), second.close()
