"""An environment's own observations as inputs of a file: a tensor for each part, and from there to what a policy sees.

The conversions are those of ``envs.spaces``, said in tensors so that they become part of the file; a test holds both
equal on every kind of space.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor, nn

from palestra.engine.policy import Policy
from palestra.envs.masks import ActionMask
from palestra.envs.observed import Observed
from palestra.envs.picture import image_layout, laid_out
from palestra.envs.spaces import Packed, is_image, leaves
from palestra.errors import UsageError
from palestra.nets.encoders import ConvEncoder, PackedEncoder


class Input(NamedTuple):
    """One of the tensors that a file takes."""

    name: str
    """``observation``, of a part ``observation.NAME``; of data ``rows``."""
    dtype: str
    """NumPy's name for it."""
    shape: tuple[int, ...]
    """Of one sample; before it comes the batch."""


def inputs_of(own: gym.Space[Any]) -> tuple[Input, ...]:
    """What a file takes for observations of an environment's own space."""
    return tuple(
        Input(f"observation.{name}" if name else "observation", str(part.dtype), tuple(part.shape or ()))
        for name, part in leaves(own)
    )


def joined(own: gym.Space[Any], parts: Iterator[Any]) -> Any:
    """Observations in their own form, of the values of their parts: ``leaf_values`` the other way."""
    match own:
        case spaces.Dict():
            return {key: joined(part, parts) for key, part in own.items()}
        case spaces.Tuple():
            return tuple(joined(part, parts) for part in own)
    return next(parts)


class Shown(nn.Module):
    """From an environment's own observations to the vector contract's, as ``Observed.read`` has them.

    Packed parts come out as numbers side by side, bytes of images among them, in the order of their layout.

    Args:
        observed: how the environment shows what it shows.
    """

    def __init__(self, observed: Observed):
        super().__init__()
        self.own, self.space = observed.own, observed.space
        self.parts = list(leaves(observed.own))

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """(B, *obs_shape)."""
        if isinstance(self.space, Packed):
            shown = {name: _adapted(part, x) for (name, part), x in zip(self.parts, inputs)}
            return torch.cat([_flat(shown[part.name]) for part in self.space.layout], 1)
        if isinstance(self.own, spaces.Dict | spaces.Tuple):
            return torch.cat([_counted(part, x) for (_, part), x in zip(self.parts, inputs)], 1)
        return _adapted(self.own, inputs[0])


def _adapted(space: gym.Space[Any], x: Tensor) -> Tensor:
    """Observations (B, ...) of a space without parts in the contract's form."""
    if not isinstance(space, spaces.Box):
        return _counted(space, x)
    picture = laid_out(space)
    if picture is space:
        return x
    if picture is not None:  # the pictures of a stack become channels
        _, height, width, last = image_layout(spaces.Box(0, 255, space.shape[1:], np.uint8))
        return (x.movedim(-1, -3) if last else x).reshape(x.shape[0], -1, height, width)
    bright = is_image(space) and bool((space.high == 255).all())
    return x.float() / 255.0 if bright else x.float()


def _counted(space: gym.Space[Any], x: Tensor) -> Tensor:
    """(B, F) float32: a one-hot vector for each choice, numbers as they are."""
    match space:
        case spaces.Discrete():
            return _one_hot(x.long() - int(space.start), int(space.n))
        case spaces.MultiDiscrete():
            index = x.reshape(x.shape[0], -1).long() - torch.from_numpy(space.start.reshape(-1).astype(np.int64))
            return torch.cat([_one_hot(index[:, i], int(n)) for i, n in enumerate(space.nvec.flat)], 1)
    return _flat(x)


def _one_hot(index_B: Tensor, n: int) -> Tensor:
    return (index_B[:, None] == torch.arange(n)).float()


def _flat(x: Tensor) -> Tensor:
    return x.reshape(x.shape[0], -1).float()


class PackedSeen:
    """An encoder of packed parts that takes them as ``Shown`` gives them: no file can read bytes as float32.

    Args:
        encoder: whose convolutions see the images.
        space: of the parts.
    """

    learns = True

    def __init__(self, encoder: PackedEncoder, space: Packed):
        self.encoders: list[ConvEncoder] = list(encoder.encoders)  # type: ignore[arg-type]
        self.shapes = [part.space.shape for part in space.layout]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]

    def to_batch(self, obs: Tensor) -> Tensor:
        """The numbers as they are."""
        return obs

    def encode(self, batch: Tensor) -> Tensor:
        """(B, F) features of the images, then the numbers beside them."""
        columns = batch.split(self.sizes, 1)
        seen = zip(self.encoders, columns, self.shapes)
        features = [encoder.see(column.to(torch.uint8).unflatten(1, shape)) for encoder, column, shape in seen]
        return torch.cat((*features, *columns[len(self.encoders) :]), 1)

    see = encode


def on_numbers(policy: Policy, space: Packed) -> Policy:
    """A policy of packed parts that takes them as ``Shown`` gives them. UsageError where its encoder is not ours."""
    encoder: Any = getattr(policy, "encoder", None) or getattr(getattr(policy, "see", None), "__self__", None)
    if not isinstance(encoder, PackedEncoder):
        raise UsageError(
            f"{type(policy).__name__}, which sees {space} by {type(encoder).__name__}, cannot become one file; expected"
            " convolutions of ours; `palestra export RUN --to hub DIR` takes any run"
        )
    changed, seen = copy.copy(policy), PackedSeen(encoder, space)
    for name, value in {"encoder": seen, "see": seen.see}.items():
        if hasattr(policy, name):
            setattr(changed, name, value)
    if getattr(policy, "mask", None) is not None:
        changed.mask = _moved(policy.mask, space)  # type: ignore[attr-defined]
    answers = getattr(policy, "answers", None)
    if getattr(answers, "mask", None) is not None:
        changed.answers = copy.copy(answers)  # type: ignore[attr-defined]
        changed.answers.mask = _moved(answers.mask, space)  # type: ignore[attr-defined,union-attr]
    return changed


def _moved(mask: ActionMask, space: Packed) -> ActionMask:
    """Where a mask lies once every part is numbers."""
    start = 0
    for part in space.layout:
        if part.start == mask.columns.start:
            break
        start += int(np.prod(part.space.shape))
    return ActionMask(start, (mask.columns.stop - mask.columns.start) // 4, packed=False)


def stacked(own: gym.Space[Any], rows: Sequence[Sequence[Any]]) -> dict[str, NDArray[Any]]:
    """Arrays (n, ...) by the names of ``inputs_of``, of the values of the parts of n observations."""
    columns = zip(*rows, strict=True)
    return {
        each.name: np.stack([np.asarray(value, each.dtype) for value in column])
        for each, column in zip(inputs_of(own), columns, strict=True)
    }
