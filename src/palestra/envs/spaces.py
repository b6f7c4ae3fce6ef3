"""Between an environment's own spaces and the contract's: what is seen becomes one array, an action its own form."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.picture import as_channels, laid_out
from palestra.errors import UsageError

ActionSpace = spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary | spaces.Box
"""The action spaces that the contract knows."""

MOST_CHOICES = 1 << 24
"""Of a Discrete, or in sum of a MultiDiscrete: a vector with a place for each has to be made for every one seen."""

_NUMBERS = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)
"""What a Dict or a Tuple may hold, at whatever depth."""

Convert = Callable[[Any], NDArray[Any]]
"""From an environment's own observation to the contract's array, or from a batch, as Gymnasium's vector environments
give it, to rows."""


def is_image(space: gym.Space[Any]) -> bool:
    """Whether its observations are images: bytes of two or more dimensions, as in the vector contract."""
    return isinstance(space, spaces.Box) and bool(space.dtype == np.uint8) and len(space.shape) >= 2


def shows_image(space: gym.Space[Any]) -> bool:
    """Whether an environment's own space becomes one of images: a picture's or a stack of pictures, in bytes."""
    return isinstance(space, spaces.Box) and laid_out(space) is not None


def tensor_dtype(space: spaces.Box) -> torch.dtype:
    """Of the contract's observations: uint8 of images and of packed parts, else float32."""
    return torch.uint8 if space.dtype == np.uint8 else torch.float32


class Part(NamedTuple):
    """One of the arrays in a packed observation."""

    name: str
    """Its key in the environment's own Dict, or its number in a Tuple; of one deeper inside, keys joined by dots."""
    space: spaces.Box
    """uint8 for an image, else float32."""
    start: int
    """Its first byte."""

    @property
    def size(self) -> int:
        """Bytes of it."""
        return int(np.prod(self.space.shape)) * self.space.dtype.itemsize


class Packed(spaces.Box):
    """Images and vectors together as one vector of bytes, which whatever carries observations can carry.

    Images come first, then the vectors' float32 numbers, byte by byte as they lie in memory; nothing is rounded, and
    ``unpack`` gives back what went in, bit for bit.

    Args:
        parts: spaces by name, each in the contract's form: uint8 images or float32.
    """

    def __init__(self, parts: dict[str, spaces.Box]):
        layout: list[Part] = []
        start = 0
        for name, space in sorted(parts.items(), key=lambda item: not is_image(item[1])):  # a stable sort
            layout.append(Part(name, space, start))
            start += layout[-1].size
        super().__init__(0, 255, (start,), np.uint8)
        self.layout = tuple(layout)

    def pack(self, values: dict[str, NDArray[Any]]) -> NDArray[np.uint8]:
        """Arrays by name, each (..., *shape) and of its part's dtype, to bytes (..., N)."""
        columns = []
        for name, space, _ in self.layout:
            lead = np.shape(values[name])[: np.ndim(values[name]) - len(space.shape)]
            row = np.ascontiguousarray(values[name]).reshape(*lead, int(np.prod(space.shape)))
            columns.append(row.view(np.uint8))
        return np.concatenate(columns, -1)

    def unpack(self, obs: Tensor) -> dict[str, Tensor]:
        """Bytes (..., N) to tensors by name, each (..., *shape) and of its part's dtype."""
        out = {}
        for part in self.layout:
            column = obs[..., part.start : part.start + part.size]
            if not is_image(part.space):  # numbers have to lie in memory where a float32 may
                column = column.clone(memory_format=torch.contiguous_format).view(torch.float32)
            out[part.name] = column.unflatten(-1, part.space.shape) if part.space.shape else column.squeeze(-1)
        return out

    def __repr__(self) -> str:
        """The parts' names, shapes and dtypes."""
        parts = (f"{part.name}: {part.space.shape} {part.space.dtype}" for part in self.layout)
        return f"Packed({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        """Whether the parts are the same too."""
        return isinstance(other, Packed) and self.layout == other.layout and super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # as a Box has none


def flat_dim(space: gym.Space[Any]) -> int:
    """Numbers in a flat vector of a space: a Box's size, a Discrete's n, the sum over a MultiDiscrete.

    UsageError for packed parts, whose bytes are no numbers.
    """
    if isinstance(space, Packed):
        raise UsageError(
            f"images and numbers together, {space}, as one vector; expected"
            " an algorithm that encodes them, or a view of one kind (the arm has view='pixels' and view='state')"
        )
    return int(spaces.flatdim(space))


def supported_action_space(space: gym.Space[Any], env_id: str) -> ActionSpace:
    """The space itself if the contract knows it: Discrete, flat MultiDiscrete, MultiBinary, or a Box of floats.

    Raises UsageError, naming the space, for any other, and for more than ``MOST_CHOICES``.
    """
    _refuse_too_many(space, "action", env_id)
    match space:
        case spaces.Discrete() | spaces.MultiBinary():
            return space
        case spaces.MultiDiscrete() if space.nvec.ndim == 1:
            return space
        case spaces.Box() if np.issubdtype(space.dtype, np.floating):
            return space
    raise UsageError(
        f"environment {env_id!r} has the action space {space}; expected Discrete, MultiDiscrete,"
        " MultiBinary or a Box of floats; wrap the environment so that its actions are one of these"
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


def contract_action(space: gym.Space[Any], action: Any) -> Tensor:
    """The contract's form of an action, one or a batch, in the environment's own: ``native_action`` the other way."""
    values = np.asarray(action)
    if isinstance(space, spaces.Discrete | spaces.MultiDiscrete):
        values = values - space.start
    return torch.as_tensor(values.astype(np.float32 if isinstance(space, spaces.Box) else np.int64))


def rounding_passes_bounds(space: gym.Space[Any]) -> bool:
    """Whether an action within a Box's bounds, as float32 has them, can be beyond them in the Box's own type."""
    return isinstance(space, spaces.Box) and space.dtype != np.float32


def to_env_action(space: gym.Space[Any], action: Tensor) -> NDArray[Any]:
    """What ``gymnasium.Env.step`` takes for a policy's action: as ``native_action``, and clipped to a Box's bounds.

    ``action`` is () or (num,) int64 counted from 0 for Discrete, (..., n) int64 for MultiDiscrete, (..., *shape)
    int64 for MultiBinary and float32 for Box.
    """
    values = native_action(space, action)
    return values.clip(space.low, space.high) if isinstance(space, spaces.Box) else values


def adapted_observation_space(space: gym.Space[Any], env_id: str) -> tuple[spaces.Box, Convert | None]:
    """The contract's observation space for an environment's own, and the conversion (None where there is none to do).

    Bytes of a picture (an image) and float32 stay, pictures of a stack become channels; any other Box becomes float32
    of its shape, from 0 to 1 where it holds brightness but is too small for a picture; Discrete becomes a one-hot
    vector; MultiDiscrete, MultiBinary, Dict and Tuple become one flat float32 vector, as by Gymnasium's
    ``FlattenObservation``, but a Dict or Tuple with an image in it becomes ``Packed``. Raises UsageError, naming the
    space, for anything else, and for more than ``MOST_CHOICES``.
    """
    _refuse_too_many(space, "observation", env_id)
    match space:
        case spaces.Box():
            picture = laid_out(space)
            if picture is not None and picture is not space:
                return picture, lambda obs: as_channels(np.asarray(obs), space.shape)
            if space.dtype == np.float32 or picture is space:
                return space, None
            if is_image(space) and (space.high == 255).all():  # brightness, of which an image has a scale too
                unit = spaces.Box(0.0, 1.0, space.shape, np.float32)
                return unit, lambda obs: np.asarray(obs, np.float32) / np.float32(255.0)
            return float_box(space.low, space.high), lambda obs: np.asarray(obs, np.float32)
        case spaces.Discrete(n=n, start=start):
            return spaces.Box(0.0, 1.0, (int(n),), np.float32), lambda obs: one_hot(np.asarray(obs) - start, int(n))
        case spaces.MultiDiscrete() | spaces.MultiBinary() | spaces.Dict() | spaces.Tuple():
            inside = [leaf for _, leaf in leaves(space)]
            if any(map(shows_image, inside)):
                return _packed(space, env_id)
            if all(isinstance(leaf, _NUMBERS) for leaf in inside):
                flat = spaces.flatten_space(space)
                assert isinstance(flat, spaces.Box)
                return float_box(flat.low, flat.high), lambda obs: _flat(space, obs)
    raise UsageError(
        f"environment {env_id!r} has the observation space {space}; expected Box, Discrete, MultiDiscrete,"
        " MultiBinary, or a Dict or Tuple of these; wrap the environment so that it gives one of these"
    )


def _refuse_too_many(space: gym.Space[Any], what: str, env_id: str) -> None:
    """UsageError if anything in a space has more choices than memory could have places for."""
    for _, leaf in leaves(space):
        if isinstance(leaf, spaces.Discrete | spaces.MultiDiscrete) and flat_dim(leaf) > MOST_CHOICES:
            raise UsageError(
                f"environment {env_id!r} has the {what} space {leaf}, {flat_dim(leaf):,} choices; expected at most"
                f" {MOST_CHOICES:,}; wrap the environment so that it gives numbers, such as the digits, instead"
            )


def leaves(space: gym.Space[Any], name: str = "") -> Iterator[tuple[str, gym.Space[Any]]]:
    """The spaces inside Dicts and Tuples, at whatever depth, with their names (a dot in a key as ``\\.``).

    An empty one is a leaf itself.
    """
    match space:
        case spaces.Dict() if len(space):
            inside: list[tuple[Any, gym.Space[Any]]] = list(space.items())
        case spaces.Tuple() if len(space):
            inside = list(enumerate(space))
        case _:
            yield name, space
            return
    for key, part in inside:
        own = str(key).replace(".", r"\.")
        yield from leaves(part, f"{name}.{own}" if name else own)


def leaf_values(space: gym.Space[Any], obs: Any) -> Iterator[Any]:
    """What an observation holds for each of ``leaves``, in their order."""
    match space:
        case spaces.Dict():
            for key, part in space.items():
                yield from leaf_values(part, obs[key])
        case spaces.Tuple():
            for part, value in zip(space, obs, strict=True):
                yield from leaf_values(part, value)
        case _:
            yield obs


def _flat(space: gym.Space[Any], obs: Any) -> NDArray[np.float32]:
    """(..., F) float32: what Gymnasium's ``flatten`` makes of an observation, with a batch before it or not."""
    match space:
        case spaces.Dict():
            parts = [_flat(part, obs[key]) for key, part in space.items()]
        case spaces.Tuple():
            parts = [_flat(part, value) for part, value in zip(space, obs, strict=True)]
        case spaces.Discrete():
            return one_hot(np.asarray(obs) - space.start, int(space.n))
        case spaces.MultiDiscrete():
            index = np.asarray(obs) - space.start
            index = index.reshape(*index.shape[: index.ndim - space.nvec.ndim], -1)
            parts = [one_hot(index[..., i], int(n)) for i, n in enumerate(space.nvec.flat)]
        case _:
            array = np.asarray(obs, np.float32)
            return array.reshape(*array.shape[: array.ndim - len(space.shape or ())], -1)
    return np.concatenate(parts, -1)


def _packed(space: gym.Space[Any], env_id: str) -> tuple[Packed, Convert]:
    """The packed form of a Dict or Tuple, and the conversion."""
    adapted = {name: adapted_observation_space(leaf, env_id) for name, leaf in leaves(space)}
    packed = Packed({name: box for name, (box, _) in adapted.items()})

    def convert(obs: Any) -> NDArray[np.uint8]:
        given = zip(adapted.items(), leaf_values(space, obs), strict=True)
        return packed.pack({name: value if own is None else own(value) for (name, (_, own)), value in given})

    return packed, convert


def one_hot(index: NDArray[Any], n: int) -> NDArray[np.float32]:
    """Rows (..., n) of zeros with a one at each index (...)."""
    rows = np.zeros((*index.shape, n), np.float32)
    if index.ndim:
        rows.reshape(-1, n)[np.arange(index.size), index.ravel()] = 1.0
    else:
        rows[index] = 1.0
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
        self.own_space = env.observation_space
        """Space of the observations before."""
        self.observation_space = space
        self._convert = convert

    def observation(self, observation: Any) -> NDArray[Any]:
        """The converted observation."""
        return self._convert(observation)
