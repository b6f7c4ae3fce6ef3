"""DQN and discrete SAC see images through convolutions that learn from the values' loss, and targets through a copy."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

from palestra.envs.world import World
from palestra.learners.off_policy.discrete_sac import DiscreteSAC
from palestra.learners.off_policy.dqn import DQN
from palestra.nets.encoders import ConvEncoder, FlatEncoder

ENV = "unit/Half-v0"
SMALL: dict[str, Any] = {
    "buffer_size": 64, "learning_starts": 8, "batch_size": 8, "train_frequency": 16, "hidden_sizes": (8,), "tau": 0.5,
}  # fmt: skip


class Half(gym.Env):
    """Noise on a picture; there is something to be had for saying 1."""

    observation_space = gym.spaces.Box(0, 255, (36, 36, 1), np.uint8)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return self._show(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        return self._show(), float(action), bool(self.np_random.random() < 0.2), False, {}

    def _show(self) -> np.ndarray:
        return self.np_random.integers(256, size=(36, 36, 1), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _own_env() -> Iterator[None]:
    gym.register(ENV, Half)
    yield
    del gym.registry[ENV]


@pytest.mark.parametrize("settings", [{}, {"dueling": "mean", "noisy": True, "prioritised": True, "double": True}])
@pytest.mark.parametrize("kind", [DQN, DiscreteSAC])
def test_the_encoder_learns_and_its_copy_follows(kind: Any, settings: dict[str, Any]) -> None:
    if kind is DiscreteSAC and settings:
        settings = {"temperature": 0.2}
    agent = kind(World(ENV, 2), kind.config_type(**SMALL, **settings))
    assert isinstance(agent.encoder, ConvEncoder)
    before = [p.detach().clone() for p in agent.encoder.parameters()]
    for _ in range(3):
        agent.step()
    for p, start, slow in zip(agent.encoder.parameters(), before, agent.target_encoder.parameters(), strict=True):
        assert not torch.equal(p, start)
        assert not torch.equal(slow, start)
        assert not torch.equal(slow, p)
    assert agent.predict(agent.env.observation_space.sample()) in (0, 1)


@pytest.mark.parametrize("kind", [DQN, DiscreteSAC])
def test_pixels_lie_side_by_side_where_that_is_asked_for(kind: Any) -> None:
    agent = kind(World(ENV, 2), kind.config_type(**SMALL, encoder="flat"))
    assert isinstance(agent.encoder, FlatEncoder)
    for _ in range(2):
        agent.step()
    assert agent.predict(agent.env.observation_space.sample()) in (0, 1)
