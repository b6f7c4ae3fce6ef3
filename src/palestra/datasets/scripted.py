"""Episodes of whoever acts by a rule: a controller that somebody wrote down, or a world's own expert."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from palestra.datasets.episodes import Episodes, first_episodes
from palestra.envs.space_json import space_to_json
from palestra.envs.vector import VectorEnv


def played(env: VectorEnv, obs: Tensor, act: Callable[[Tensor], Tensor], facts: Mapping[str, Any]) -> Episodes:
    """The first episode of every copy, to its end.

    Args:
        env: the copies, just begun.
        obs: (E, *obs_shape) what they show.
        act: from such observations to actions (E, ...).
        facts: of the episodes.
    """
    steps, running = list[tuple[Tensor, ...]](), torch.ones(env.num_envs, dtype=torch.bool)
    while running.any():
        action = act(obs)
        result = env.step(action)
        steps.append((obs, action, result.reward, result.terminated, result.truncated, result.final_obs))
        running = running & ~(result.terminated | result.truncated)
        obs = result.obs
    seen, done, paid, terminated, truncated, then = (torch.stack(column).numpy() for column in zip(*steps))
    return first_episodes(seen, done, paid, terminated, truncated, then, dict(facts))


def facts_of(env: VectorEnv, env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The facts by which episodes name their world."""
    spaces = {"observation": space_to_json(env.observed.own), "action": space_to_json(env.action_space)}
    return {"env": env_id, "env_kwargs": dict(env_kwargs or {}), "spaces": spaces}


def source(about: str, episodes: Episodes) -> dict[str, Any]:
    """Who played episodes, and how well."""
    return {"about": about, "episodes": len(episodes.ends), "return_mean": float(episodes.returns.mean())}
