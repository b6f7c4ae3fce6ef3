"""Tables of action values as a file: the number of the state, a row of the table, and its greatest entry."""

from collections.abc import Sequence
from math import prod
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.envs.masks import MASK
from palestra.envs.spaces import ActionSpace, leaves
from palestra.exports.actions import Native
from palestra.ops.tables import FORBIDDEN


class Tabled(nn.Module):
    """From an environment's own observations, which say which state it is in, to its own greedy actions and values.

    Args:
        own: its space of one observation, of discrete spaces only.
        actions: its space of one action.
        table_SA: the value of every action in every state, on which it acts.
        untried: the value of what was forbidden and is allowed now, where observations have a mask; None where not.
    """

    table_SA: Tensor

    def __init__(self, own: gym.Space[Any], actions: ActionSpace, table_SA: Tensor, untried: float | None = None):
        super().__init__()
        self.parts, self.untried, self.native = list(leaves(own)), untried, Native(actions)
        self.register_buffer("table_SA", table_SA)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Actions (B,), and the values (B, A) by which they were chosen."""
        value_BA = self.table_SA[self.state(inputs)]
        if self.untried is not None:
            value_BA = self._allowed(value_BA, inputs)
        return self.native(value_BA.argmax(1)), value_BA

    def state(self, inputs: Sequence[Tensor]) -> Tensor:
        """(B,) int64: the number of the state, as ``envs.finite.states`` has it."""
        number_B = torch.zeros(inputs[0].shape[0], dtype=torch.int64)
        for (name, part), x in zip(self.parts, inputs):
            if self.untried is None or name != MASK:
                number_B = _onward(number_B, part, x)
        return number_B

    def _allowed(self, value_BA: Tensor, inputs: Sequence[Tensor]) -> Tensor:
        """As ``QTable.states`` leaves the table: where anything is allowed, what is not is out of the question."""
        valid_BA = (
            next(x for (name, _), x in zip(self.parts, inputs) if name == MASK).reshape(value_BA.shape[0], -1) > 0
        )
        known_BA = torch.where(valid_BA & (value_BA <= FORBIDDEN), self.untried or 0.0, value_BA)
        some_B1 = valid_BA.sum(1, keepdim=True) > 0
        return torch.where(some_B1 & ~valid_BA, FORBIDDEN, known_BA)


def _onward(number_B: Tensor, space: gym.Space[Any], x: Tensor) -> Tensor:
    """The number with further digits behind it: one of a Discrete, several of MultiDiscrete and MultiBinary."""
    match space:
        case spaces.Discrete():
            return number_B * int(space.n) + x.long() - int(space.start)
        case spaces.MultiDiscrete():
            sizes, start = space.nvec.reshape(-1), space.start.reshape(-1)
        case _:
            sizes, start = np.full(prod(space.shape or ()), 2), np.zeros(prod(space.shape or ()), np.int64)
    digit_BL = x.reshape(x.shape[0], -1).long()
    for i, (size, first) in enumerate(zip(sizes.tolist(), start.tolist())):
        number_B = number_B * size + digit_BL[:, i] - first
    return number_B
