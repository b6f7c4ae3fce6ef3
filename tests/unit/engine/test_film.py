"""Frames of an agent at work, held against Gymnasium driven by hand."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from palestra.engine import film as room
from palestra.engine import seeding
from palestra.engine.agent import EnvConfig
from palestra.engine.film import film, frames_per_second, make_film_env
from palestra.errors import PalestraError, UsageError


class Leaning:
    """Pushes the cart to where the pole leans."""

    def predict(self, obs: Any) -> int:
        return int(obs[2] > 0)


class Blind(gym.Env[Any, Any]):
    """A world that draws nothing."""

    observation_space = gym.spaces.Box(0.0, 1.0, (2,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action: Any) -> Any:
        return np.zeros(2, np.float32), 1.0, False, False, {}


class Broken(Blind):
    """A world whose drawing fails."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - Gymnasium's own form

    def render(self) -> Any:
        raise RuntimeError("no screen")


@pytest.fixture
def worlds() -> Iterator[None]:
    gym.register("Blind-v0", Blind, disable_env_checker=True)
    gym.register("Broken-v0", Broken, disable_env_checker=True)
    yield
    del gym.registry["Blind-v0"], gym.registry["Broken-v0"]


def test_every_state_is_a_frame() -> None:
    agent: Any = Leaning()
    env = make_film_env(EnvConfig("CartPole-v1"))
    frames = list(film(agent, env, episodes=2, seed=7))
    env.close()
    assert frames_per_second(env) == 50.0
    peer = gym.make("CartPole-v1", render_mode="rgb_array")
    expected = []
    for episode in range(2):
        obs, _ = peer.reset(seed=seeding.derive(7, "film", episode))
        expected.append((episode, 0.0, peer.render()))
        over = False
        total = 0.0
        while not over:
            obs, reward, terminated, truncated, _ = peer.step(int(obs[2] > 0))
            total, over = total + float(reward), terminated or truncated
            expected.append((episode, total, peer.render()))
    peer.close()
    assert [(f.episode, f.total_reward) for f in frames] == [(e, r) for e, r, _ in expected]
    for frame, (_, _, image) in zip(frames, expected, strict=True):
        assert frame.image.dtype == np.uint8
        assert np.array_equal(frame.image, image)


def test_a_world_without_pictures(worlds: None) -> None:
    with pytest.raises(UsageError, match="'Blind-v0' draws no pictures"):
        make_film_env(EnvConfig("Blind-v0"))
    with pytest.raises(PalestraError, match=r"cannot draw on this machine \(RuntimeError: no screen\)"):
        make_film_env(EnvConfig("Broken-v0"))


def test_a_world_without_end_is_cut(worlds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    agent: Any = Leaning()
    monkeypatch.setattr(agent, "predict", lambda obs: 0)
    monkeypatch.setattr(room, "_draw", lambda env: np.zeros((2, 2, 3), np.uint8))
    env = gym.make("Blind-v0")
    assert frames_per_second(env) == room.FPS
    assert [f.total_reward for f in film(agent, env, episodes=1, seed=0, max_steps=3)] == [0.0, 1.0, 2.0, 3.0]
