r"""On-policy Monte Carlo control (Sutton & Barto 2018, sections 5.3 and 5.4).

Waits for the end of an episode and moves every visited pair towards what really followed, with no bootstrap:

    G_t = R_{t+1} + gamma R_{t+2} + ... + gamma^{T-t-1} R_T
    Q(S_t, A_t) <- mean of the returns that followed the first visits of (S_t, A_t) in their episodes

The mean is taken step by step, a learning rate of 1 / n. An episode that a time limit cuts has no return yet: the value
of the state it was cut in, under the policy that acts, stands for what is missing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.rule import Step, TabularConfig, TabularRule
from palestra.ops.tables import Floats, Ints, expected_value


@dataclass(frozen=True)
class MonteCarloConfig(TabularConfig):
    """Settings of Monte Carlo control."""

    learning_rate: float = 1.0
    """Share of the way to its target that an entry of the table is moved, alpha."""
    learning_rate_decay: float = 1.0
    """Power w: an entry's n-th move has the rate learning_rate / n^w. 0 for a constant rate; 1 for a mean."""
    first_visit: bool = True
    """Learn from the first visit of a pair in an episode only; otherwise from every visit."""


class MonteCarlo(TabularRule):
    """Monte Carlo control for worlds of finitely many states, whose episodes end."""

    name = "monte-carlo"
    saves = ("entry_TE", "reward_TE", "length", "begin_E")
    config_type = MonteCarloConfig
    config: MonteCarloConfig

    def __init__(self, q: QTable, config: Any, num_envs: int):
        super().__init__(q, config, num_envs)
        num_envs = num_envs
        self.entry_TE = np.zeros((64, num_envs), dtype=np.int64)
        self.reward_TE = np.zeros((64, num_envs))
        self.length = 0
        """Rows in use; a row is one step of every copy."""
        self.begin_E = np.zeros(num_envs, dtype=np.int64)
        """(E,) the row in which each copy's episode began."""

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """Remember the step, learn from the episodes that it ended, then draw the next action."""
        if self.length == len(self.entry_TE):
            self._make_room()
        self.entry_TE[self.length], self.reward_TE[self.length] = s.entry_E, s.reward_E
        self.length += 1
        ended_B = np.flatnonzero(s.done_E)
        if len(ended_B):
            self.learn_from(s, ended_B)
            self.begin_E[ended_B] = self.length
        return self.q.explore(s.onward_E, uniform_UE[0])

    def learn_from(self, s: Step, ended_B: Ints) -> None:
        """Move the pairs of the ended episodes of copies (B,) towards their returns, the last first."""
        first, begin_B = int(self.begin_E[ended_B].min()), self.begin_E[ended_B]
        entry_TB, return_TB = self.entry_TE[first : self.length, ended_B], self.reward_TE[first : self.length, ended_B]
        following_B = expected_value(self.q.values(s.next_state_E[ended_B]), self.q.epsilon, self.q.mask is not None)
        return_TB[-1] += s.discount_E[ended_B] * following_B  # 0 where it terminated
        for t in range(len(return_TB) - 2, -1, -1):  # eq. 3.9: G_t = R_{t+1} + gamma G_{t+1}
            return_TB[t] += self.config.gamma * return_TB[t + 1]
        learns_TB = np.arange(first, self.length)[:, None] >= begin_B
        if self.config.first_visit:
            # Of a copy's equal entries, np.unique gives the index of the earliest; those before its episode come first
            # in number, below all entries, so that they hide none.
            key_TB = np.where(learns_TB, entry_TB, -1) * len(ended_B) + np.arange(len(ended_B))
            earliest_TB = np.zeros(key_TB.size, dtype=bool)
            earliest_TB[np.unique(key_TB, return_index=True)[1]] = True
            learns_TB &= earliest_TB.reshape(key_TB.shape)
        self.q.improve(entry_TB[learns_TB][::-1], return_TB[learns_TB][::-1])  # section 5.4: to their mean

    def _make_room(self) -> None:
        """Forget the rows before every copy's episode, and have at least as many free as are kept."""
        old = int(self.begin_E.min())
        kept = self.length - old
        rows = max(64, 2 * kept)
        for name in ("entry_TE", "reward_TE"):
            array = getattr(self, name)
            larger = np.zeros((rows, array.shape[1]), dtype=array.dtype)
            larger[:kept] = array[old : self.length]
            setattr(self, name, larger)
        self.length = kept
        self.begin_E -= old

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:
        """The episodes of copies that began anew begin here."""
        self.begin_E[restarted_E] = self.length
