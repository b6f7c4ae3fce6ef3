"""Observations as their environment gives them, read by its own space: whether they are one or a batch, and in which
form. Nothing else in the house asks that question.
"""

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.envs.spaces import adapted_observation_space, flat_dim, is_image, leaves, shows_image
from palestra.errors import UsageError, require

COUNTED = (spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)
"""Spaces of integers: a number with a fraction is none of theirs."""


class Observed:
    """How an environment shows what it shows.

    Args:
        own: its own space, of any kind.
        env_id: for the error of a space that the contract does not know.
    """

    def __init__(self, own: gym.Space[Any], env_id: str = "") -> None:
        self.own = own
        self.space, self.convert = adapted_observation_space(own, env_id)
        """The contract's form of it, and the way there."""

    def counted(self) -> NDArray[np.bool_]:
        """(F,) of the contract's observations as flat vectors: which numbers are 0 or 1 and say which of some it is."""
        parts = [np.full(flat_dim(leaf), isinstance(leaf, COUNTED)) for _, leaf in leaves(self.own)]
        return np.concatenate(parts)

    def read(self, obs: Any) -> tuple[NDArray[Any], bool]:
        """Rows (n, *shape) in the contract's form, and whether they are one row, for what is no batch.

        Args:
            obs: what ``reset`` and ``step`` of the environment return, or a batch as Gymnasium's vector environments
                return it (a Dict of arrays, a Tuple of arrays); or either in the contract's form, as arrays.

        Raises UsageError for anything else.
        """
        form, convert = self.own, self.convert
        lead = _lead(form, obs)
        if lead is None:  # an array of the contract's
            form, convert = self.space, None
            lead = _lead(form, obs)
        if lead is None:
            shape = self.space.shape
            expected = f"{shape}, or a batch (n, *{shape})"
            if not isinstance(self.own, spaces.Box):
                expected = f"what reset() gives, of {self.own}, or a batch of it"
            raise UsageError(f"observation {_described(obs)}; expected {expected}")
        _check_values(form, obs)
        rows = np.asarray(obs) if convert is None else convert(obs)
        return (rows, False) if lead else (rows[None], True)


def _lead(space: gym.Space[Any], obs: Any) -> tuple[int, ...] | None:
    """() of one observation of a space, (n,) of a batch, None of what is neither."""
    match space:
        case spaces.Dict():
            if not isinstance(obs, Mapping) or obs.keys() != set(space.keys()):
                return None
            leads = {_lead(part, obs[key]) for key, part in space.items()}
        case spaces.Tuple():
            if not isinstance(obs, tuple | list) or len(obs) != len(space):
                return None
            leads = {_lead(part, value) for part, value in zip(space, obs, strict=True)}
        case _:
            array = _array(obs)
            whole = isinstance(space, COUNTED) or (is_image(space) and not shows_image(space))
            if array is None or array.dtype.kind not in ("biu" if whole else "biuf"):
                return None  # a fraction of brightness is the contract's form already
            own = space.shape or ()
            lead = array.shape[: array.ndim - len(own)]
            return lead if len(lead) <= 1 and array.shape == (*lead, *own) else None
    return leads.pop() if len(leads) == 1 else None


def _array(obs: Any) -> NDArray[Any] | None:
    """What NumPy makes of it; None of what it makes nothing of."""
    try:
        return np.asarray(obs)
    except ValueError:  # rows of different lengths
        return None


def _check_values(space: gym.Space[Any], obs: Any) -> None:
    """Raise UsageError for an integer that its space does not have: it has no place among the numbers of a network."""
    match space:
        case spaces.Dict():
            for key, part in space.items():
                _check_values(part, obs[key])
        case spaces.Tuple():
            for part, value in zip(space, obs, strict=True):
                _check_values(part, value)
        case spaces.Discrete() | spaces.MultiDiscrete():
            index = np.asarray(obs) - space.start
            count = space.n if isinstance(space, spaces.Discrete) else space.nvec
            require(bool(((index >= 0) & (index < count)).all()), f"observation {obs!r}", f"one that {space} has")


def _described(obs: Any) -> str:
    """What was given, in few words."""
    if isinstance(obs, Mapping):
        return f"of the keys {', '.join(map(str, obs))}"
    array = _array(obs)
    return f"of type {type(obs).__name__}" if array is None or array.dtype.kind == "O" else f"of shape {array.shape}"
