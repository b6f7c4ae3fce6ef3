r"""SARSA, on-policy temporal differences (Rummery & Niranjan 1994; Sutton & Barto 2018, section 6.4).

Learns the value of the policy that acts, its exploration included, from the five that name it, S, A, R, S', A':

    Q(S, A) <- Q(S, A) + alpha [R + gamma Q(S', A') - Q(S, A)]                                          (eq. 6.7)
"""

import numpy as np

from palestra.learners.tabular.rule import Step, TabularRule
from palestra.ops.tables import Floats, Ints


class Sarsa(TabularRule):
    """SARSA for worlds of finitely many states."""

    name = "sarsa"
    separable = True
    draws_per_step = 2

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """One update; A' is drawn before it and is what is done next."""
        next_action_E = self.q.explore(s.next_state_E, uniform_UE[0])
        next_value_E = self.q.values(s.next_state_E)[np.arange(len(next_action_E)), next_action_E]
        self.q.improve(s.entry_E, s.reward_E + s.discount_E * next_value_E)  # eq. 6.7
        return self.onward(s, next_action_E, uniform_UE[1])
