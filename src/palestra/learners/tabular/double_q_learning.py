r"""Double Q-learning (van Hasselt 2010; Sutton & Barto 2018, section 6.7).

The greatest of several uncertain values is more likely one that chance has raised than one that is great: the maximum
in Q-learning's target is biased upwards. Here one of two tables, by a fair coin, is moved towards a target in which it
chooses the action and the other table, which learned from other transitions, says what it is worth:

    Q1(S, A) <- Q1(S, A) + alpha [R + gamma Q2(S', argmax_a Q1(S', a)) - Q1(S, A)]                      (eq. 6.10)

or the same with Q1 and Q2 exchanged. It acts on the mean of the two.
"""

import numpy as np

from palestra.learners.tabular.rule import Step, TabularRule
from palestra.ops.tables import Floats, Ints


class DoubleQLearning(TabularRule):
    """Double Q-learning for worlds of finitely many states."""

    name = "double-q-learning"
    separable = True
    num_tables = 2
    draws_per_step = 2

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """One update of one of the tables of each copy's choice, then the next action."""
        moved_E = (uniform_UE[1] < 0.5).astype(np.int64)
        best_E = self.q.table[moved_E, s.next_state_E].argmax(1)
        next_value_E = self.q.table[1 - moved_E, s.next_state_E, best_E]
        entry_E = moved_E * self.q.num_states * self.q.num_actions + s.entry_E
        self.q.improve(entry_E, s.reward_E + s.discount_E * next_value_E)  # eq. 6.10
        return self.q.explore(s.onward_E, uniform_UE[0])
