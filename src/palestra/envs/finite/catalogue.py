"""From an environment's id to its finite process: Gymnasium's ``P``, our gridworlds and random processes."""

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from palestra.envs.backends.making import make_gym_env
from palestra.envs.finite.grid_world import MOVES, grid_world
from palestra.envs.finite.mdp import FiniteMDP, Grid, from_table, garnet
from palestra.errors import UsageError

OURS: dict[str, Callable[..., FiniteMDP]] = {"palestra/GridWorld-v0": grid_world, "palestra/Garnet-v0": garnet}
"""Built from their settings; they are Gymnasium environments too, see ``palestra.envs.registration``."""

TOY_TEXT = ("CliffWalking-v1", "CliffWalkingSlippery-v1", "FrozenLake-v1", "FrozenLake8x8-v1", "Taxi-v4")
"""Gymnasium's, whose whole dynamics stand in ``P``."""

FINITE = (*OURS, *TOY_TEXT)
"""The ids that the torch backend steps as finite processes."""


def is_whole(env_id: str, env_kwargs: Mapping[str, Any]) -> bool:
    """Whether ``P`` says everything about an environment with these settings.

    Not for Taxi's fickle passenger, whose change of mind is outside of it, nor for a lake whose map is drawn anew, from
    no seed, by every environment that is made.
    """
    random_map = env_kwargs.get("map_name", "") is None and env_kwargs.get("desc") is None
    return not (env_kwargs.get("fickle_passenger") or random_map)


def finite_mdp(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> FiniteMDP:
    """The finite process of an environment: one of ``FINITE``, or any Gymnasium id with ``unwrapped.P``.

    ``env_kwargs`` are the environment's settings; ``max_episode_steps`` among them is no part of the process. Raises
    UsageError for an unknown id or setting, and where there is no ``P`` or it is not the whole truth.
    """
    settings = {name: value for name, value in (env_kwargs or {}).items() if name != "max_episode_steps"}
    if env_id in OURS:
        try:
            return OURS[env_id](**settings)
        except TypeError as error:
            raise UsageError(f"environment {env_id!r} given {settings}: {error}") from error
    if not is_whole(env_id, settings):
        raise UsageError(f"{env_id!r} with {settings} has chances that its P does not tell; expected settings without")
    env = make_gym_env(env_id, env_kwargs=settings)
    try:
        inner: Any = env.unwrapped
        table = getattr(inner, "P", None)
        if not isinstance(table, Mapping):
            raise UsageError(
                f"environment {env_id!r} has no table P of its transitions; expected one that has, such as"
                f" {', '.join(FINITE)}"
            )
        start = getattr(inner, "initial_state_distrib", None)
        return from_table(table, None if start is None else np.asarray(start).tolist(), board(inner))
    finally:
        env.close()


def board(env: gym.Env[Any, Any]) -> Grid | None:
    """The board of Gymnasium's cliff and lake; None for anything else."""
    inner: Any = env
    match type(env).__name__:
        case "CliffWalkingEnv":
            tiles = np.where(inner._cliff, b"X", b".")
            tiles.flat[inner.start_state_index], tiles[-1, -1] = b"S", b"G"
            return Grid((tiles.shape[0], tiles.shape[1]), tiles.tobytes(), MOVES)
        case "FrozenLakeEnv":
            letters = inner.desc.tobytes().translate(bytes.maketrans(b"FH", b".X"))
            left, down, right, up = (0, -1), (1, 0), (0, 1), (-1, 0)
            return Grid(inner.desc.shape, letters, (left, down, right, up))
    return None
