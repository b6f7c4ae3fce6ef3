"""The inputs that a file is tried on: observations that the agent meets, or rows of the data, by a seed."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.datasets.order import permutation
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.envs.absent import AbsentVectorEnv
from palestra.envs.registry import reference_env
from palestra.envs.spaces import AdaptedObservation, leaf_values
from palestra.errors import PalestraError
from palestra.exports.observations import stacked

COUNT = 1_000
"""Inputs of a trial."""
LARGE = 1e4
"""Bounds beyond this are none that a world keeps to: numbers are drawn as if there were none."""


def draw(learner: Learner, seed: int = 0, count: int = COUNT) -> tuple[dict[str, NDArray[Any]], str]:
    """Arrays (count, ...) by the names of what the learner's file takes, and in a few words where they come from."""
    if isinstance(learner, Predictor):
        return _rows(learner, seed, count)
    assert isinstance(learner, Agent)
    own = learner.env.observed.own
    try:
        met, where = list(_met(learner, seed, count)), f"met in {learner.world.id}, half of the actions at random"
    except PalestraError:
        space = own
        space.seed(seeding.derive(seed, "export") % 2**31)
        rng = np.random.default_rng(seeding.derive(seed, "export", "unbounded"))
        met = [_tamed(space, space.sample(), rng) for _ in range(count)]
        where = f"drawn from the space of {learner.world.id}, which cannot be made here"
    return stacked(own, [list(leaf_values(own, obs)) for obs in met]), where


def _met(agent: Agent, seed: int, count: int) -> Iterator[Any]:
    """Observations in the environment's own form; PalestraError where it cannot be made."""
    if isinstance(agent.env, AbsentVectorEnv):
        agent.env.step(agent.env.reset(0))  # says why it is not here
    world = agent.world
    env = reference_env(world.id, None, world.reference_settings)
    inner = env.env if isinstance(env, AdaptedObservation) else env
    rng = np.random.default_rng(seeding.derive(seed, "export"))
    inner.action_space.seed(int(rng.integers(2**31)))
    try:
        obs, _ = inner.reset(seed=int(rng.integers(2**31)))
        for _ in range(count):
            yield obs
            by_chance = agent.env.mask is None and rng.random() < 0.5
            action = inner.action_space.sample() if by_chance else agent.decide(obs, inner)
            obs, _, terminated, truncated, _ = inner.step(action)
            if terminated or truncated:
                obs, _ = inner.reset()
    finally:
        env.close()


def _tamed(own: gym.Space[Any], obs: Any, rng: np.random.Generator) -> Any:
    """A sample without the numbers that come of bounds as large as a float can be."""
    match own:
        case spaces.Dict():
            return {key: _tamed(part, obs[key], rng) for key, part in own.items()}
        case spaces.Tuple():
            return tuple(_tamed(part, value, rng) for part, value in zip(own, obs, strict=True))
        case spaces.Box() if own.dtype is not None and own.dtype.kind == "f":
            return np.where(np.abs(obs) < LARGE, obs, rng.normal(size=own.shape)).astype(own.dtype)
    return obs


def _rows(learner: Predictor, seed: int, count: int) -> tuple[dict[str, NDArray[Any]], str]:
    """Rows of the test split, or of the last one there is; beyond what it has, columns of different rows together."""
    name = next(name for name in ("test", "validation", "train") if name in learner.splits)
    rows = learner.splits[name].inputs.cpu().numpy()
    if len(rows) >= count:
        chosen = permutation(seed, 0, len(rows))[:count].numpy()
        return {"rows": rows[chosen]}, f"rows of {learner.dataset.id}, {name}"
    rng = np.random.default_rng(seeding.derive(seed, "export"))
    flat = rows.reshape(len(rows), -1)
    mixed = np.stack([column[rng.integers(len(rows), size=count - len(rows))] for column in flat.T], 1)
    made = np.concatenate((rows, mixed.reshape(-1, *rows.shape[1:]).astype(rows.dtype)))
    return {"rows": made}, f"the {len(rows):,} rows of {learner.dataset.id}, {name}, and others mixed of their columns"
