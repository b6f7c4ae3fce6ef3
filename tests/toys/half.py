"""A picture of noise, and something to be had for saying 1."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch

from palestra.envs.world import World
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


def check_the_encoder_learns(kind: Any, **settings: Any) -> None:
    """An agent sees images through convolutions that learn from the values' loss, and targets through a copy."""
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


def check_pixels_side_by_side(kind: Any) -> None:
    """Pixels lie side by side where that is asked for."""
    agent = kind(World(ENV, 2), kind.config_type(**SMALL, encoder="flat"))
    assert isinstance(agent.encoder, FlatEncoder)
    for _ in range(2):
        agent.step()
    assert agent.predict(agent.env.observation_space.sample()) in (0, 1)
