r"""n-step SARSA (Sutton & Barto 2018, section 7.2).

SARSA with n rewards before the bootstrap; an episode that ends sooner has fewer, and none where it terminated:

    G_{t:t+n} = R_{t+1} + gamma R_{t+2} + ... + gamma^{n-1} R_{t+n} + gamma^n Q(S_{t+n}, A_{t+n})       (eq. 7.4)
    Q(S_t, A_t) <- Q(S_t, A_t) + alpha [G_{t:t+n} - Q(S_t, A_t)]                                        (eq. 7.5)

An end of an episode lets up to n transitions be learned from in one step: the oldest of every copy first.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.learners.tabular.n_step import NStepConfig, Window
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.rule import Step, TabularRule
from palestra.ops.tables import Floats, Ints


class NStepSarsa(TabularRule):
    """n-step SARSA for worlds of finitely many states."""

    name = "n-step-sarsa"
    config_type = NStepConfig
    config: NStepConfig
    draws_per_step = 2
    saves = ("window",)

    def __init__(self, q: QTable, config: Any, num_envs: int):
        super().__init__(q, config, num_envs)
        self.window = Window(self.config.n_step, num_envs)

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:
        """No window over what copies that began anew did before."""
        self.window.forget(restarted_E)

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """Learn what is due; the action drawn first comes next."""
        next_action_E = self.q.explore(s.next_state_E, uniform_UE[0])
        self.window.catch_up(s, partial(self.targets, s, next_action_E), self.q.improve)  # eq. 7.5
        return self.onward(s, next_action_E, uniform_UE[1])

    def targets(self, s: Step, next_action_E: Ints, copy_B: Ints) -> Floats:
        """G (B,) of the oldest transition of copies (B,), from the newest one backwards."""
        w, length_B = self.window, self.window.count_E[copy_B]
        bootstrap_B = s.discount_E[copy_B] * self.q.values(s.next_state_E[copy_B])[
            np.arange(len(copy_B)), next_action_E[copy_B]
        ]  # fmt: skip
        return_B = s.reward_E[copy_B] + bootstrap_B
        for k in range(1, int(length_B.max())):  # eq. 7.4 as G_{t:h} = R_{t+1} + gamma G_{t+1:h}
            longer_B = w.reward_NE[w.ago(k), copy_B] + self.config.gamma * return_B
            return_B = np.where(k < length_B, longer_B, return_B)
        return return_B
