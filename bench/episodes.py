"""Whole episodes that a policy plays in ``gymnasium.make``'s environment: the same ones for whoever plays."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym


def returns_of(
    act: Callable[[Any], Any], env_id: str, episodes: int, first_seed: int, longest: int | None = None
) -> list[float]:
    """The return of each episode, which ends after ``longest`` steps at the latest."""
    env, returns = gym.make(env_id), []
    for episode in range(episodes):
        obs, _ = env.reset(seed=first_seed + episode)
        total, ended, steps = 0.0, False, 0
        while not ended and steps != longest:
            obs, reward, terminated, truncated, _ = env.step(act(obs))
            total, ended, steps = total + float(reward), terminated or truncated, steps + 1
        returns.append(total)
    env.close()
    return returns
