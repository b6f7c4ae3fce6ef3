"""Forwards and backwards: exact states of a playground, and the way from one of them to any step since its last edit.

States are kept after every step, and where there are too many of them after every second, fourth, ... step. Between two
that are kept the learner walks again: it is the same walk, since its state is all that a step depends on. An edit
begins a new timeline.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.engine.state import capture, restore
from palestra.playgrounds.playground import Playground

MOST_STATES, MOST_BYTES = 256, 48 << 20
"""Kept at a time."""


class Timeline:
    """Where a playground is on its way.

    Args:
        playground: stands at its beginning.
        most_states: are kept.
    """

    def __init__(self, playground: Playground[Any], most_states: int = MOST_STATES):
        self.playground, self.most_states = playground, most_states
        self.begin()

    def begin(self) -> None:
        """Forget the way here."""
        self.position = 0
        """Steps since the beginning."""
        self.stride = 1
        self.kept = {0: copied(capture(self.playground))}
        self.bytes = size(self.kept[0])

    def forward(self, count: int) -> int:
        """So many steps, or as many as are left; returns how many."""
        for taken in range(count):
            if self.playground.finished:
                return taken
            self.playground.step()
            self.position += 1
            self._keep()
        return count

    def back(self, count: int) -> int:
        """So many steps back, or to the beginning; returns how many."""
        target = max(0, self.position - count)
        nearest = max(position for position in self.kept if position <= target)
        restore(self.playground, copied(self.kept[nearest]))
        for _ in range(target - nearest):
            self.playground.step()
        went, self.position = self.position - target, target
        return went

    def _keep(self) -> None:
        if self.position % self.stride or self.position in self.kept:
            return
        self.kept[self.position] = state = copied(capture(self.playground))
        self.bytes += size(state)
        while len(self.kept) > 1 and (len(self.kept) > self.most_states or self.bytes > MOST_BYTES):
            self.stride *= 2
            self.kept = {position: kept for position, kept in self.kept.items() if position % self.stride == 0}
            self.bytes = sum(map(size, self.kept.values()))


def copied(state: Any) -> Any:
    """A state that shares no memory with what it was taken from."""
    match state:
        case Tensor():
            with torch.inference_mode(False):
                return torch.empty_like(state, memory_format=torch.contiguous_format).copy_(state)
        case np.ndarray():
            return state.copy()
        case dict():
            return {key: copied(item) for key, item in state.items()}
        case list() | tuple():
            return [copied(item) for item in state]
    return state


def size(state: Any) -> int:
    """Bytes of the tensors and arrays in a state; of all else eight each."""
    match state:
        case Tensor() | np.ndarray():
            return int(state.nbytes)
        case dict():
            return sum(map(size, state.values()))
        case list() | tuple():
            return sum(map(size, state))
    return 8
