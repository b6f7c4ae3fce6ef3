r"""Q-learning, off-policy temporal differences (Watkins 1989; Sutton & Barto 2018, section 6.5).

Learns the value of the best policy whatever the one that acts, by the best next action in place of the next one:

    Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)]                                     (eq. 6.8)
"""

from palestra.learners.tabular.rule import Step, TabularRule
from palestra.ops.tables import Floats, Ints


class QLearning(TabularRule):
    """Q-learning for worlds of finitely many states."""

    name = "q-learning"
    separable = True

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """One update, then the next action."""
        next_value_E = self.q.values(s.next_state_E).max(1)
        self.q.improve(s.entry_E, s.reward_E + s.discount_E * next_value_E)  # eq. 6.8
        return self.q.explore(s.onward_E, uniform_UE[0])
