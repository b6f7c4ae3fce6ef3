"""Frames of an agent at work, in one copy of the environment as Gymnasium made it."""

import ctypes.util
import os
import sys
from collections.abc import Iterator
from itertools import groupby, zip_longest
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.envs.misbehaviour import short
from palestra.envs.registry import reference_env
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.pictures.video import is_frame

FPS = 30.0
"""Frames a second of an environment that does not say."""


class Frame(NamedTuple):
    """One picture, and where in the film it is."""

    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    episode: int
    """Counted from 0."""
    total_reward: float
    """Of the episode, up to this frame."""


def make_film_env(config: World) -> gym.Env[Any, Any]:
    """One copy of the environment that draws itself.

    Raises UsageError for an environment without pictures, PalestraError where drawing fails on this machine.
    """
    probe = reference_env(config.id, env_kwargs=config.reference_settings)
    modes = probe.metadata.get("render_modes", [])
    probe.close()
    if "rgb_array" not in modes:
        able = ", ".join(modes) or "nothing"
        raise UsageError(f"environment {config.id!r} draws no pictures (it renders {able}); expected 'rgb_array'")
    env = reference_env(config.id, render_mode="rgb_array", env_kwargs=config.reference_settings)
    try:
        env.reset(seed=0)
        _draw(env)
    except Exception as error:  # what drawing raises depends on the libraries beneath: OpenGL, SDL, MuJoCo
        env.close()
        if isinstance(error, PalestraError):
            raise
        raise PalestraError(
            f"environment {config.id!r} cannot draw on this machine ({type(error).__name__}: {error}); without a "
            "screen, MuJoCo needs EGL or OSMesa installed and MUJOCO_GL=egl or MUJOCO_GL=osmesa"
        ) from error
    return env


def frames_per_second(env: gym.Env[Any, Any]) -> float:
    """The speed at which the environment's time passes as it should."""
    return float(env.metadata.get("render_fps") or FPS)


def film(agent: Agent, env: gym.Env[Any, Any], *, episodes: int, seed: int, max_steps: int = 10_000) -> Iterator[Frame]:
    """Play whole episodes greedily and yield a frame for every state, the first and the last one included.

    Args:
        agent: who acts.
        env: from ``make_film_env``; it is left open.
        episodes: how many.
        seed: of the environment.
        max_steps: an episode that is longer, in a world without a time limit, is cut here.
    """
    for episode in range(episodes):
        luck = seeding.derive(seed, "film", episode)
        obs, _ = env.reset(seed=luck)
        agent.policy.reset(1, seed=luck)
        total = 0.0
        yield Frame(_draw(env), episode, total)
        for _ in range(max_steps):
            action = agent.decide(obs, env)
            obs, reward, terminated, truncated, _ = env.step(action)
            agent.told(action, float(reward), terminated or truncated)
            total += float(reward)
            yield Frame(_draw(env), episode, total)
            if terminated or truncated:
                break


def side_by_side(left: Iterator[Frame], right: Iterator[Frame]) -> Iterator[Frame]:
    """Two films of as many episodes as one; in each episode the one that ends first waits. Rewards are the right's."""
    by_episode = [groupby(frames, lambda frame: frame.episode) for frames in (left, right)]
    for (_, ours), (_, theirs) in zip(*by_episode):
        here: Frame | None = None
        there: Frame | None = None
        for one, other in zip_longest(ours, theirs):
            here, there = one or here, other or there
            if here is not None and there is not None:  # as both are, since an episode has a first frame
                yield there._replace(image=np.concatenate((here.image, there.image), axis=1))


def _draw(env: gym.Env[Any, Any]) -> NDArray[np.uint8]:
    image: Any = env.render()
    if is_frame(image):
        return image
    given = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else short(image)
    name = type(env.unwrapped).__name__ if env.spec is None else env.spec.id
    raise PalestraError(
        f"environment {name!r}: render() returned {given}; expected an array of uint8 (height, width, 3), which is what"
        " render_mode='rgb_array' stands for"
    )


def draw_without_screen() -> None:
    """On a machine without a screen, tell the libraries beneath not to look for one."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    if ctypes.util.find_library("EGL"):  # without it, even importing MuJoCo would fail under this setting
        os.environ.setdefault("MUJOCO_GL", "egl")
