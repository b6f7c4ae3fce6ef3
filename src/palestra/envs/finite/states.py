"""The states of a finite world as numbers from 0 on, whatever it shows them by: a Discrete space, or any product."""

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import gymnasium as gym
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.finite.dynamics import state_index


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

    def index(self, obs: Tensor) -> Tensor:
        """The states (...,) int64 in observations (..., F) of the contract's form, or in what is indices already."""
        if self.alone or not obs.is_floating_point():
            return state_index(obs)
        return (obs.double() @ self.weights).long()


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
