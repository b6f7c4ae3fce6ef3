r"""Prioritised sweeping (Moore & Atkeson 1993; Peng & Williams 1993; Sutton & Barto 2018, section 8.4).

Dyna-Q plans at random, and most of its updates change nothing. Here a pair waits in a queue by how much an update would
change it, and an update puts in the pairs that lead to it, so that planning works backwards from what is new:

    P = |R + gamma max_a Q(S', a) - Q(S, A)|;  if P > theta, queue (S, A) with priority P
    n times: take the first (S, A) from the queue;  Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)];
             the same test for every pair that the model says leads to S

A pair has one place in the queue, that of the highest of its priorities. The model remembers the last outcome of a
pair, so the world should be deterministic. With several copies, E pairs are taken from the queue at a time.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from palestra.errors import require
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.rule import Step, TabularConfig, TabularRule
from palestra.learners.tabular.world_model import WorldModel
from palestra.ops.tables import Floats, Ints


@dataclass(frozen=True)
class PrioritisedSweepingConfig(TabularConfig):
    """Settings of prioritised sweeping."""

    planning_steps: int = 10
    """Most updates from the model after each real step, n."""
    threshold: float = 1e-4
    """Theta: what would change by no more is not worth an update."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.planning_steps >= 1, f"planning_steps={self.planning_steps}", "at least 1")
        require(self.threshold >= 0, f"threshold={self.threshold}", "0 or more")


class PrioritisedSweeping(TabularRule):
    """Prioritised sweeping for deterministic worlds of finitely many states."""

    name = "prioritised-sweeping"
    saves = ("model", "priority_P")
    config_type = PrioritisedSweepingConfig
    config: PrioritisedSweepingConfig

    def __init__(self, q: QTable, config: Any, num_envs: int):
        super().__init__(q, config, num_envs)
        self.model = WorldModel(self.q.num_states, self.q.num_actions)
        self.priority_P = np.zeros(self.q.num_states * self.q.num_actions)
        """(P,) the queue: the priority of each pair, 0 of those that do not wait."""

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """Remember the step, queue it, plan, and draw the next action (section 8.4)."""
        self.model.add(s)
        self.queue(s.entry_E)
        for _ in range(self.config.planning_steps):
            entry_B = self.first(len(s.entry_E))
            if not len(entry_B):
                break
            self.priority_P[entry_B] = 0.0
            self.q.improve(entry_B, self.model.targets(entry_B, self.q.values(self.model.next_state_P[entry_B])))
            self.queue(self.leading_to(entry_B // self.q.num_actions))
        return self.q.explore(s.onward_E, uniform_UE[0])

    def queue(self, entry_B: Ints) -> None:
        """Let pairs wait that an update would change by more than theta (section 8.4)."""
        target_B = self.model.targets(entry_B, self.q.values(self.model.next_state_P[entry_B]))
        change_B = np.abs(target_B - self.q.table.reshape(-1)[entry_B])
        waiting_B = np.where(change_B > self.config.threshold, change_B, 0.0)
        self.priority_P[entry_B] = np.maximum(self.priority_P[entry_B], waiting_B)

    def first(self, num: int) -> Ints:
        """The entries (B,) of highest priority, at most ``num`` of them."""
        if num == 1:
            first_B: Ints = np.array([self.priority_P.argmax()])
        else:
            num = min(num, len(self.priority_P))
            first_B = np.sort(self.priority_P.argpartition(-num)[-num:])
        return first_B[self.priority_P[first_B] > 0.0]

    def leading_to(self, state_B: Ints) -> Ints:
        """The entries that the model says lead to one of the states (B,), and on from there."""
        sought_S = np.zeros(self.q.num_states, dtype=bool)
        sought_S[state_B] = True
        m = self.model
        return np.flatnonzero(sought_S[m.next_state_P] & m.tried_SA.reshape(-1) & (m.discount_P > 0.0))
