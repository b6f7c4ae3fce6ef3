"""What methods share that look n steps ahead before they learn: the last n transitions of every copy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.errors import require
from palestra.learners.tabular.tabular_learner import Step, TabularConfig, TabularLearner
from palestra.ops.tables import Floats, Ints


class Window:
    """A ring over time. Every copy adds one transition a step, so row ``ago(k)`` is k steps old for all of them.

    Args:
        size: n, the most transitions that are kept of a copy.
        num_envs: E.
    """

    def __init__(self, size: int, num_envs: int):
        self.size = size
        self.state_NE = np.zeros((size, num_envs), dtype=np.int64)
        self.action_NE = np.zeros((size, num_envs), dtype=np.int64)
        self.entry_NE = np.zeros((size, num_envs), dtype=np.int64)
        self.reward_NE = np.zeros((size, num_envs))
        self.count_E = np.zeros(num_envs, dtype=np.int64)
        """(E,) transitions of each copy that have not been learned from yet: the newest so many."""
        self._newest = 0

    def add(self, s: Step) -> None:
        """Remember one transition of every copy."""
        self._newest = (self._newest + 1) % self.size
        self.state_NE[self._newest] = s.state_E
        self.action_NE[self._newest] = s.action_E
        self.entry_NE[self._newest] = s.entry_E
        self.reward_NE[self._newest] = s.reward_E
        self.count_E += 1

    def ago(self, steps: int) -> int:
        """The row of the transitions of so many steps ago."""
        return (self._newest - steps) % self.size

    def oldest(self, copy_B: Ints) -> Ints:
        """Table entries (B,) of the oldest transition of copies (B,)."""
        entry_B: Ints = self.entry_NE[(self._newest - self.count_E[copy_B] + 1) % self.size, copy_B]
        return entry_B

    def due(self, s: Step) -> Ints:
        """Copies (B,) whose oldest transition is to be learned from now.

        Those with n of them; where an episode ended, those with any: as time goes on no reward will be added to them.
        """
        return np.flatnonzero((self.count_E == self.size) | (s.done_E & (self.count_E > 0)))

    def drop(self, copy_B: Ints) -> None:
        """The oldest transitions of copies (B,) have been learned from."""
        self.count_E[copy_B] -= 1

    def state_dict(self) -> dict[str, Any]:
        """Everything."""
        return {
            "state": self.state_NE.copy(),
            "action": self.action_NE.copy(),
            "entry": self.entry_NE.copy(),
            "reward": self.reward_NE.copy(),
            "count": self.count_E.copy(),
            "newest": self._newest,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.state_NE, self.action_NE = np.array(state["state"]), np.array(state["action"])
        self.entry_NE, self.reward_NE = np.array(state["entry"]), np.array(state["reward"])
        self.count_E, self._newest = np.array(state["count"]), state["newest"]


@dataclass(frozen=True)
class NStepConfig(TabularConfig):
    """Settings of a method that looks n steps ahead."""

    n_step: int = 4
    """Rewards before the bootstrap, n."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.n_step >= 1, f"n_step={self.n_step}", "at least 1")


class NStep(TabularLearner):
    """Learns from a transition once what came of it is known n steps on, or to the end of its episode."""

    config_type = NStepConfig
    config: NStepConfig

    def __init__(self, env: Any, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        self.window = Window(self.config.n_step, self.env.num_envs)

    def catch_up(self, s: Step, targets: Callable[[Ints], Floats]) -> None:
        """Update the pair of n steps ago, and at an episode's end those after it.

        Args:
            s: the newest step.
            targets: G (B,) of the oldest transition of copies (B,).
        """
        self.window.add(s)
        while len(copy_B := self.window.due(s)):
            self.improve(self.window.oldest(copy_B), targets(copy_B))
            self.window.drop(copy_B)

    def memory(self) -> dict[str, Any]:
        """The window."""
        return self.window.state_dict()

    def load_memory(self, memory: dict[str, Any]) -> None:
        """Take the window back."""
        self.window.load_state_dict(memory)

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:
        """Empty the window of copies that began anew."""
        self.window.count_E[restarted_E] = 0
