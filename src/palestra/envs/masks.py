"""Action masks: which actions an environment allows now, by ``action_mask`` in its Dict of observations or in ``info``.

Either way the mask becomes a part of the contract's observation, and so is wherever an observation is: in rollouts, in
replay on both sides of a transition, in evaluation. Whoever chooses an action reads it there.
"""

import inspect
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.misbehaviour import Unexpected, short
from palestra.envs.spaces import AdaptedObservation, Packed

MASK = "action_mask"
THEIR_OWN = "gymnasium.envs."
"""Modules whose masks say what would change nothing, and are left alone: Taxi's, of moves into a wall."""


class ActionMask:
    """Where a mask lies in a batch of observations.

    Args:
        start: its first column.
        size: how many actions it speaks of: of a Discrete n, of a MultiDiscrete the sum.
        packed: whether columns are the bytes of packed parts.
    """

    def __init__(self, start: int, size: int, packed: bool):
        self.columns = slice(start, start + (4 * size if packed else size))
        self.packed = packed

    def of(self, obs_BF: Tensor) -> Tensor:
        """(B, A) bool: which actions are allowed."""
        column = obs_BF[:, self.columns]
        if self.packed:  # numbers have to lie in memory where a float32 may
            column = column.clone(memory_format=torch.contiguous_format).view(torch.float32)
        return column > 0.5

    def rest(self, obs_BF: Tensor) -> Tensor:
        """(B, F - A) what is observed beside the mask."""
        return torch.cat((obs_BF[:, : self.columns.start], obs_BF[:, self.columns.stop :]), 1)


def mask_size(space: gym.Space[Any]) -> int | None:
    """Numbers in a mask for an action space; None where there are none for it."""
    match space:
        case spaces.Discrete():
            return int(space.n)
        case spaces.MultiDiscrete():
            return int(space.nvec.sum())
    return None


def action_mask(env: gym.Env[Any, Any]) -> ActionMask | None:
    """Where the mask lies in what an environment in the contract's form observes; None without one."""
    inner = env
    while not isinstance(inner.observation_space, spaces.Dict):
        if not isinstance(inner, AdaptedObservation):
            return None
        inner = inner.env
    size, space = mask_size(inner.action_space), inner.observation_space
    if size is None or MASK not in space.spaces or spaces.flatdim(space[MASK]) != size:
        return None
    if isinstance(env.observation_space, Packed):
        start = next(part.start for part in env.observation_space.layout if part.name == MASK)
        return ActionMask(start, size, packed=True)
    before = list(space.keys())[: list(space.keys()).index(MASK)]
    return ActionMask(sum(spaces.flatdim(space[name]) for name in before), size, packed=False)


def without_mask(space: spaces.Dict) -> spaces.Dict:
    """What an environment observes beside its mask, in the same order."""
    return spaces.Dict([(name, part) for name, part in space.items() if name != MASK])


def with_mask(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    """The environment with the mask of its ``info`` among what it observes; itself where ``info`` has none."""
    return MaskedObservation(env) if mask_size(env.action_space) and _tells_mask(env) else env


def _tells_mask(env: gym.Env[Any, Any]) -> bool:
    """Whether ``info`` has a mask. To see that takes a reset, so it is looked at only where the source speaks of it."""
    inner = env.unwrapped
    if type(inner).__module__.startswith(THEIR_OWN):
        return False
    if isinstance(env.observation_space, spaces.Dict) and MASK in env.observation_space.spaces:
        return False
    layers: list[Any] = [env]
    while isinstance(layers[-1], gym.Wrapper):
        layers.append(layers[-1].env)
    if not any(MASK in _source(type(layer)) for layer in layers):
        return False
    return MASK in env.reset(seed=0)[1]


def _source(cls: type[Any]) -> str:
    """The text of the module in which a class stands; of one without any, the word that is looked for."""
    if cls.__module__.startswith(("gymnasium.", "palestra.")):
        return ""
    try:
        return inspect.getsource(sys.modules[cls.__module__])
    except (KeyError, OSError, TypeError):
        return MASK


class MaskedObservation(gym.Wrapper[Any, Any, Any, Any]):
    """An environment whose observation is a Dict of what it was and of the mask in ``info``."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        size = mask_size(env.action_space)
        assert size is not None
        self._size = size
        self.observation_space = spaces.Dict({"observation": env.observation_space, MASK: spaces.MultiBinary(size)})

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Both, of the first state."""
        obs, info = self.env.reset(seed=seed, options=options)
        return self._both(obs, info), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Both, of the state that follows."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        return self._both(obs, info), reward, terminated, truncated, info

    def _both(self, obs: Any, info: dict[str, Any]) -> dict[str, Any]:
        mask = info.get(MASK)
        if mask is None or np.size(mask) != self._size:
            given = f"info without {MASK} of {self._size} numbers, {short(mask)}, though it gave one before"
            raise Unexpected(given, "one with every observation")
        return {"observation": obs, MASK: np.asarray(mask).reshape(-1).astype(np.int8)}
