r"""SARSA(lambda), with eligibility traces (Rummery & Niranjan 1994; Sutton & Barto 2018, section 12.7).

Every pair keeps a trace z of how lately it was visited, and each TD error moves all of them by it: the backward view of
targets that mix the n-step returns of all n. lambda = 0 is SARSA; lambda = 1 gives Monte Carlo's credit.

    delta = R + gamma Q(S', A') - Q(S, A)
    z(S, A) <- 1  (replacing)  or  z(S, A) + 1  (accumulating)
    Q <- Q + alpha delta z,  then  z <- gamma lambda z                                                  (eqs. 12.5-12.7)

Every copy has traces of its own. As everywhere, copies learn in turn: each moves an entry the share alpha z of the way
to Q + delta, and a later one takes its share of what an earlier one has done.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from palestra.errors import require
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.rule import Step, TabularConfig, TabularRule
from palestra.ops.tables import Floats, Ints


@dataclass(frozen=True)
class SarsaLambdaConfig(TabularConfig):
    """Settings of SARSA(lambda)."""

    default_num_envs: ClassVar[int] = 16  # each has a trace of every pair, which every step goes through
    default_num_envs_finite: ClassVar[int | None] = 16

    trace_decay: float = 0.9
    """Lambda: how far back an error reaches, from 0 (one step) to 1 (the whole episode)."""
    traces: Literal["replacing", "accumulating"] = "replacing"
    """What a further visit does to a trace: set it to 1, or add 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.trace_decay <= 1, f"trace_decay={self.trace_decay}", "0 <= trace_decay <= 1")


class SarsaLambda(TabularRule):
    """SARSA(lambda) for worlds of finitely many states."""

    name = "sarsa-lambda"
    saves = ("trace_EP",)
    config_type = SarsaLambdaConfig
    config: SarsaLambdaConfig
    draws_per_step = 2

    def __init__(self, q: QTable, config: Any, num_envs: int):
        super().__init__(q, config, num_envs)
        self.trace_EP = np.zeros((num_envs, self.q.num_states * self.q.num_actions))

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """One error, and all traced pairs moved by it; A' is drawn before it and is what is done next."""
        c, each_E = self.config, np.arange(len(s.state_E))
        next_action_E = self.q.explore(s.next_state_E, uniform_UE[0])
        next_value_E = self.q.values(s.next_state_E)[each_E, next_action_E]
        error_E = s.reward_E + s.discount_E * next_value_E - self.q.table.reshape(-1)[s.entry_E]
        self.trace_EP[each_E, s.entry_E] = 1.0 + (c.traces == "accumulating") * self.trace_EP[each_E, s.entry_E]
        self.spread(s.entry_E, error_E)
        self.trace_EP *= c.gamma * c.trace_decay
        if s.done_E.any():
            self.trace_EP[s.done_E] = 0.0
        return self.onward(s, next_action_E, uniform_UE[1])

    def spread(self, entry_E: Ints, error_E: Floats) -> None:
        """Q <- Q + alpha delta z for one copy's error and traces after another's (eq. 12.6)."""
        c, count_P = self.config, self.q.visits.reshape(-1)
        self.q.errors.append(error_E)
        np.add.at(count_P, entry_E, 1)
        rate_P = c.learning_rate / np.maximum(count_P, 1) ** c.learning_rate_decay if c.learning_rate_decay else None
        share_EP = self.trace_EP * (c.learning_rate if rate_P is None else rate_P)
        if len(error_E) > 1:
            keep_EP = np.ones_like(share_EP)
            np.subtract(1.0, share_EP[:0:-1], out=keep_EP[-2::-1])  # of the copy after each
            share_EP *= keep_EP[::-1].cumprod(0)[::-1]
        self.q.table.reshape(-1)[:] += error_E @ share_EP

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:
        """No trace of what copies that began anew did before."""
        self.trace_EP[restarted_E] = 0.0
