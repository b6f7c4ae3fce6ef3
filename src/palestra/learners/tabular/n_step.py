"""What methods share that look n steps ahead before they learn: the last n transitions of every copy."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from palestra.errors import require
from palestra.learners.tabular.rule import Step, TabularConfig
from palestra.ops.tables import Floats, Ints


class Window:
    """A ring over time. Every copy adds one transition a step, so row ``ago(k)`` is k steps old for all of them.

    Args:
        size: n, the most transitions that are kept of a copy.
        num_envs: E.
    """

    saves = ("state_NE", "action_NE", "entry_NE", "reward_NE", "count_E", "newest")

    def __init__(self, size: int, num_envs: int):
        self.size = size
        self.state_NE = np.zeros((size, num_envs), dtype=np.int64)
        self.action_NE = np.zeros((size, num_envs), dtype=np.int64)
        self.entry_NE = np.zeros((size, num_envs), dtype=np.int64)
        self.reward_NE = np.zeros((size, num_envs))
        self.count_E = np.zeros(num_envs, dtype=np.int64)
        """(E,) transitions of each copy that have not been learned from yet: the newest so many."""
        self.newest = 0
        """The row of the newest transitions."""

    def add(self, s: Step) -> None:
        """Remember one transition of every copy."""
        self.newest = (self.newest + 1) % self.size
        self.state_NE[self.newest] = s.state_E
        self.action_NE[self.newest] = s.action_E
        self.entry_NE[self.newest] = s.entry_E
        self.reward_NE[self.newest] = s.reward_E
        self.count_E += 1

    def ago(self, steps: int) -> int:
        """The row of the transitions of so many steps ago."""
        return (self.newest - steps) % self.size

    def oldest(self, copy_B: Ints) -> Ints:
        """Table entries (B,) of the oldest transition of copies (B,)."""
        entry_B: Ints = self.entry_NE[(self.newest - self.count_E[copy_B] + 1) % self.size, copy_B]
        return entry_B

    def due(self, s: Step) -> Ints:
        """Copies (B,) whose oldest transition is to be learned from now.

        Those with n of them; where an episode ended, those with any: as time goes on no reward will be added to them.
        """
        return np.flatnonzero((self.count_E == self.size) | (s.done_E & (self.count_E > 0)))

    def catch_up(self, s: Step, targets: Callable[[Ints], Floats], improve: Callable[[Ints, Floats], None]) -> None:
        """Learn from the pair of n steps ago, and at an episode's end from those after it.

        Args:
            s: the newest step.
            targets: G (B,) of the oldest transition of copies (B,).
            improve: moves entries (B,) towards targets (B,).
        """
        self.add(s)
        while len(copy_B := self.due(s)):
            improve(self.oldest(copy_B), targets(copy_B))
            self.count_E[copy_B] -= 1

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:
        """Empty the window of copies (E,) bool that began anew."""
        self.count_E[restarted_E] = 0


@dataclass(frozen=True)
class NStepConfig(TabularConfig):
    """Settings of a method that looks n steps ahead."""

    n_step: int = 4
    """Rewards before the bootstrap, n."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.n_step >= 1, f"n_step={self.n_step}", "at least 1")
