"""What an agent has seen its world do: a model to plan with (Sutton & Barto 2018, section 8.2)."""

import numpy as np

from palestra.learners.tabular.rule import Step
from palestra.ops.tables import Floats, Ints


class WorldModel:
    """For every pair that was tried, what it led to the last time: right where the world is deterministic.

    Args:
        num_states: S.
        num_actions: A.
    """

    saves = ("tried_SA", "reward_P", "next_state_P", "discount_P", "seen_L")

    def __init__(self, num_states: int, num_actions: int):
        self.tried_SA = np.zeros((num_states, num_actions), dtype=bool)
        self.reward_P = np.zeros(num_states * num_actions)
        self.next_state_P = np.zeros(num_states * num_actions, dtype=np.int64)
        self.discount_P = np.zeros(num_states * num_actions)
        self.seen_L = np.zeros(0, dtype=np.int64)
        """(L,) the states in which something was tried, in the order in which they were first seen."""

    def add(self, s: Step) -> None:
        """Model(S, A) <- R, S'; of copies that tried the same pair in one step, the last one is remembered."""
        new_B = s.state_E[~self.tried_SA[s.state_E].any(1)]
        if len(new_B):
            _, first_B = np.unique(new_B, return_index=True)
            self.seen_L = np.concatenate((self.seen_L, new_B[np.sort(first_B)]))
        self.tried_SA[s.state_E, s.action_E] = True
        self.reward_P[s.entry_E] = s.reward_E
        self.next_state_P[s.entry_E] = s.next_state_E
        self.discount_P[s.entry_E] = s.discount_E

    def targets(self, entry_B: Ints, next_q_BA: Floats) -> Floats:
        """R + gamma max_a Q(S', a), shape (B,), of pairs (B,), given the values (B, A) in their successors."""
        target_B: Floats = self.reward_P[entry_B] + self.discount_P[entry_B] * next_q_BA.max(1)
        return target_B
