r"""Expected SARSA (van Seijen et al. 2009; Sutton & Barto 2018, section 6.6).

Like SARSA, with the expectation over the next action in the place of a drawn one, which takes that chance out of the
target. The target policy pi is epsilon-greedy: with the epsilon that acts it is on-policy, with 0 it is Q-learning.

    Q(S, A) <- Q(S, A) + alpha [R + gamma sum_a pi(a|S') Q(S', a) - Q(S, A)]                            (eq. 6.9)
"""

from dataclasses import dataclass

from palestra.errors import require
from palestra.learners.tabular.rule import Step, TabularConfig, TabularRule
from palestra.ops.tables import Floats, Ints, expected_value


@dataclass(frozen=True)
class ExpectedSarsaConfig(TabularConfig):
    """Settings of expected SARSA."""

    target_epsilon: float | None = None
    """Share of random actions of the policy that is learned about; none for that of the one that acts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= (self.target_epsilon or 0) <= 1, f"target_epsilon={self.target_epsilon}", "0 to 1, or none")


class ExpectedSarsa(TabularRule):
    """Expected SARSA for worlds of finitely many states."""

    name = "expected-sarsa"
    separable = True
    config_type = ExpectedSarsaConfig
    config: ExpectedSarsaConfig

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """One update, then the next action."""
        target_epsilon = self.q.epsilon if self.config.target_epsilon is None else self.config.target_epsilon
        next_value_E = expected_value(self.q.values(s.next_state_E), target_epsilon, self.q.mask is not None)
        self.q.improve(s.entry_E, s.reward_E + s.discount_E * next_value_E)  # eq. 6.9
        return self.q.explore(s.onward_E, uniform_UE[0])
