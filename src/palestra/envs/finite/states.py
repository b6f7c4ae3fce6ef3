"""The states of a finite world as numbers from 0 on, whatever it shows them by: a Discrete space, or any product."""

from collections.abc import Callable, Iterator
from functools import partial
from math import prod
from operator import index as exact_integer
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.envs.finite.dynamics import show_indices, state_index
from palestra.envs.vector import VectorEnv


class Digit(NamedTuple):
    """One of the choices that tell states apart."""

    size: int
    """Values that it can have."""
    columns: int
    """Columns of a row that show it: one a value, or one alone that holds the value, of a bit."""


class States:
    """The states that an environment's own space tells apart, numbered as by the digits of a mixed radix.

    Args:
        space: Discrete, MultiDiscrete, MultiBinary, or a Tuple or Dict of these, at whatever depth.
    """

    def __init__(self, space: gym.Space[Any]) -> None:
        digits = list(_digits(space))
        self.num = prod(digit.size for digit in digits)
        """S, how many there are."""
        self.alone = isinstance(space, spaces.Discrete)
        weights, stride = [], self.num
        for digit in digits:
            stride //= digit.size
            weights += [k * stride for k in range(digit.columns)] if digit.columns > 1 else [stride * (digit.size - 1)]
        self.weights = torch.tensor([] if self.alone else weights, dtype=torch.float64)
        """(F,) of each column, for a sum that is the number; exact below 2^53."""
        self.number = _reader(space)
        """From what the environment itself gives to the state that it shows.

        Raises IndexError, KeyError, TypeError or ValueError for what is none of the space.
        """

    def index(self, obs: Tensor) -> Tensor:
        """The states (...,) int64 in observations (..., F) of the contract's form, or in what is indices already."""
        if self.alone or not obs.is_floating_point():
            return state_index(obs)
        return (obs.double() @ self.weights).long()


def show_states(env: VectorEnv, states: States) -> None:
    """Let an environment observe the numbers of its states from now on; one that cannot goes on as it was."""
    if isinstance(env, GymVectorEnv):
        env.show_states(states)
    else:
        show_indices(env)


def tells_states(space: gym.Space[Any]) -> bool:
    """Whether an environment's own space tells finitely many states apart by discrete spaces."""
    match space:
        case spaces.Dict():
            return all(map(tells_states, space.values()))
        case spaces.Tuple():
            return all(map(tells_states, space))
    return isinstance(space, spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary)


def _digits(space: gym.Space[Any]) -> Iterator[Digit]:
    """In the order of the columns of the contract's form."""
    match space:
        case spaces.Discrete():
            yield Digit(int(space.n), int(space.n))
        case spaces.MultiDiscrete():
            yield from (Digit(int(n), int(n)) for n in space.nvec.flat)
        case spaces.MultiBinary():
            yield from (Digit(2, 1) for _ in range(prod(space.shape or ())))
        case spaces.Dict():
            for part in space.values():
                yield from _digits(part)
        case spaces.Tuple():
            for part in space:
                yield from _digits(part)


def _reader(space: gym.Space[Any]) -> Callable[[Any], int]:
    """From an observation to its number, digit after digit, in plain Python: an array for each costs ten times that."""
    parts: list[tuple[Any, Callable[[Any], int], int]]
    match space:
        case spaces.Dict():
            parts = [(key, _reader(part), States(part).num) for key, part in space.items()]
        case spaces.Tuple():
            parts = [(i, _reader(part), States(part).num) for i, part in enumerate(space)]
        case spaces.Discrete():
            return partial(_digit, int(space.n), int(space.start))
        case _:
            return partial(_digits_of, space)
    return partial(_joined, parts)


def _digit(size: int, start: int, observation: Any) -> int:
    try:
        value = exact_integer(observation) - start
    except TypeError:
        if not isinstance(observation, np.bool_):
            raise
        value = int(observation) - start
    if not 0 <= value < size:
        raise IndexError(f"{observation} is not from {start} to {start + size - 1}")
    return value


def _digits_of(space: Any, observation: Any) -> int:
    """Of MultiDiscrete and MultiBinary."""
    array = np.asarray(observation)
    values = array.astype(np.int64) - getattr(space, "start", 0)
    size = getattr(space, "nvec", np.full(values.shape, 2))
    fits = array.shape == space.shape and bool(((values >= 0) & (values < size) & (array == array.astype(int))).all())
    if not fits:
        raise IndexError(f"{observation} is none of {space}")
    number = 0
    for value, n in zip(values.flat, size.flat, strict=True):
        number = number * int(n) + int(value)
    return number


def _joined(parts: list[tuple[Any, Callable[[Any], int], int]], observation: Any) -> int:
    """Of a Tuple or Dict."""
    if len(observation) != len(parts):
        raise ValueError(f"{len(observation)} parts, not {len(parts)}")
    number = 0
    for key, read, size in parts:
        number = number * size + read(observation[key])
    return number
