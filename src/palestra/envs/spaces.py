"""Between an environment's own spaces and the contract's: what is seen becomes one array, an action its own form."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.errors import UsageError

ActionSpace = spaces.Discrete | spaces.MultiDiscrete | spaces.Box
"""The action spaces that the contract knows."""

Convert = Callable[[Any], NDArray[Any]]
"""From an environment's own observation to the contract's array."""


def is_image(space: spaces.Box) -> bool:
    """Whether its observations are images: bytes of two or more dimensions, as in the vector contract."""
    return bool(space.dtype == np.uint8) and len(space.shape) >= 2


def flat_dim(space: gym.Space[Any]) -> int:
    """Numbers in a flat vector of a space: a Box's size, a Discrete's n, the sum over a MultiDiscrete."""
    return int(spaces.flatdim(space))


def supported_action_space(space: gym.Space[Any], env_id: str) -> ActionSpace:
    """The space itself if the contract knows it: Discrete, flat MultiDiscrete, or a Box of floats.

    Raises UsageError, naming the space, for any other.
    """
    match space:
        case spaces.Discrete():
            return space
        case spaces.MultiDiscrete() if space.nvec.ndim == 1:
            return space
        case spaces.Box() if np.issubdtype(space.dtype, np.floating):
            return space
    raise UsageError(
        f"environment {env_id!r} has the action space {space}; expected Discrete, MultiDiscrete or a Box"
        " of floats; wrap the environment so that its actions are one of these"
    )


def from_unit(unit_BA: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Numbers (B, A) between -1 and 1, stretched to the bounds (*shape) of a Box: (B, *shape)."""
    return torch.lerp(low, high, (unit_BA.view(-1, *low.shape) + 1.0) * 0.5).clamp(low, high)


def native_action(space: gym.Space[Any], action: Tensor) -> NDArray[Any]:
    """The environment's own form of a contract action, one or a batch: the start added, the space's dtype.

    One action of a Discrete comes as a NumPy integer.
    """
    values: NDArray[Any] = action.detach().cpu().numpy()
    if isinstance(space, spaces.Discrete | spaces.MultiDiscrete):
        values = values + space.start
    return values.astype(space.dtype, copy=False)


def to_env_action(space: gym.Space[Any], action: Tensor) -> NDArray[Any]:
    """What ``gymnasium.Env.step`` takes for a policy's action: as ``native_action``, and clipped to a Box's bounds.

    ``action`` is () or (num,) int64 counted from 0 for Discrete, (..., n) int64 for MultiDiscrete, (..., *shape)
    float32 for Box.
    """
    values = native_action(space, action)
    return values.clip(space.low, space.high) if isinstance(space, spaces.Box) else values


def adapted_observation_space(space: gym.Space[Any], env_id: str) -> tuple[spaces.Box, Convert | None]:
    """The contract's observation space for an environment's own, and the conversion (None where there is none to do).

    uint8 of two or more dimensions (an image) and float32 stay; any other Box becomes float32 of its shape; Discrete
    becomes a one-hot vector; MultiDiscrete, MultiBinary, Dict and Tuple become one flat float32 vector, as by
    Gymnasium's ``FlattenObservation``. The conversions of a Box and a Discrete also take a batch. Raises UsageError,
    naming the space, for anything else.
    """
    match space:
        case spaces.Box():
            if space.dtype == np.float32 or is_image(space):
                return space, None
            return float_box(space.low, space.high), lambda obs: np.asarray(obs, np.float32)
        case spaces.Discrete(n=n, start=start):
            return spaces.Box(0.0, 1.0, (int(n),), np.float32), lambda obs: one_hot(np.asarray(obs) - start, int(n))
        case spaces.Dict() if any(isinstance(part, spaces.Box) and is_image(part) for part in space.values()):
            raise UsageError(
                f"environment {env_id!r} shows images and numbers together, {', '.join(space)}; expected one array, all"
                " image or all numbers. Choose a view of one kind (the arm has view='pixels' and view='state')"
            )
        case spaces.MultiDiscrete() | spaces.MultiBinary() | spaces.Dict() | spaces.Tuple():
            flat = spaces.flatten_space(space)
            if isinstance(flat, spaces.Box):
                return (
                    float_box(flat.low, flat.high),
                    lambda obs: np.asarray(spaces.flatten(space, obs), np.float32),
                )
    raise UsageError(
        f"environment {env_id!r} has the observation space {space}; expected Box, Discrete, MultiDiscrete,"
        " MultiBinary, or a Dict or Tuple of these; wrap the environment so that it gives one of these"
    )


def is_one_hot(space: spaces.Box) -> bool:
    """Whether a space can be what a Discrete one was adapted to: a float32 vector of numbers from 0 to 1."""
    return space.dtype == np.float32 and len(space.shape) == 1 and not space.low.any() and bool((space.high == 1).all())


def one_hot(index: NDArray[Any], n: int) -> NDArray[np.float32]:
    """Rows (..., n) of zeros with a one at each index (...)."""
    rows = np.zeros((*index.shape, n), np.float32)
    np.put_along_axis(rows, index[..., None].astype(np.intp), 1.0, -1)
    return rows


def float_box(low: NDArray[Any], high: NDArray[Any]) -> spaces.Box:
    """A float32 Box; bounds that float32 cannot hold become infinite."""
    with np.errstate(over="ignore"):
        return spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)


class AdaptedObservation(gym.ObservationWrapper[Any, Any, Any]):
    """An environment whose observations have been converted to the contract's form."""

    def __init__(self, env: gym.Env[Any, Any], space: spaces.Box, convert: Convert) -> None:
        """``space`` and ``convert`` are what ``adapted_observation_space`` gave."""
        super().__init__(env)
        self.observation_space = space
        self._convert = convert

    def observation(self, observation: Any) -> NDArray[Any]:
        """The converted observation."""
        return self._convert(observation)
