r"""n-step tree backup (Precup, Sutton & Singh 2000; Sutton & Barto 2018, section 7.5).

Looks n steps ahead without importance sampling, whatever policy acts: at every state on the way, the actions that were
not taken count with their values, and the one that was taken with what came of it, each with its probability under the
policy pi that is learned about:

    G_{t:h} = R_{t+1} + gamma [sum_{a != A_{t+1}} pi(a|S_{t+1}) Q(S_{t+1}, a) + pi(A_{t+1}|S_{t+1}) G_{t+1:h}]  (7.16)
    G_{h-1:h} = R_h + gamma sum_a pi(a|S_h) Q(S_h, a)                                                   (eq. 7.15)
    Q(S_t, A_t) <- Q(S_t, A_t) + alpha [G_{t:t+n} - Q(S_t, A_t)]

pi is epsilon-greedy with an epsilon of its own. Greedy, the default, with n = 1 is Q-learning.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.errors import require
from palestra.learners.tabular.n_step import NStepConfig, Window
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.rule import Step, TabularRule
from palestra.ops.tables import Floats, Ints, epsilon_greedy, expected_value


@dataclass(frozen=True)
class TreeBackupConfig(NStepConfig):
    """Settings of tree backup."""

    target_epsilon: float | None = 0.0
    """Share of random actions of the policy that is learned about; none for that of the one that acts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= (self.target_epsilon or 0) <= 1, f"target_epsilon={self.target_epsilon}", "0 to 1, or none")


class TreeBackup(TabularRule):
    """n-step tree backup for worlds of finitely many states."""

    name = "tree-backup"
    config_type = TreeBackupConfig
    config: TreeBackupConfig
    saves = ("window",)

    def __init__(self, q: QTable, config: Any, num_envs: int):
        super().__init__(q, config, num_envs)
        self.window = Window(self.config.n_step, num_envs)

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:
        """No window over what copies that began anew did before."""
        self.window.forget(restarted_E)

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """Learn what is due; then draw the next action."""
        self.window.catch_up(s, partial(self.targets, s), self.q.improve)
        return self.q.explore(s.onward_E, uniform_UE[0])

    def targets(self, s: Step, copy_B: Ints) -> Floats:
        """G (B,) of the oldest transition of copies (B,), from the newest one backwards."""
        c, w, length_B = self.config, self.window, self.window.count_E[copy_B]
        target_epsilon = self.q.epsilon if c.target_epsilon is None else c.target_epsilon
        next_value_B = expected_value(self.q.values(s.next_state_E[copy_B]), target_epsilon, self.q.mask is not None)
        return_B = s.reward_E[copy_B] + s.discount_E[copy_B] * next_value_B  # eq. 7.15
        each_B = np.arange(len(copy_B))
        for k in range(1, int(length_B.max())):
            after, action_B = w.ago(k - 1), w.action_NE[w.ago(k - 1), copy_B]
            q_BA = self.q.values(w.state_NE[after, copy_B])
            taken_B = epsilon_greedy(q_BA, target_epsilon, self.q.mask is not None)[each_B, action_B]
            # eq. 7.16: the value of all actions, with what came of the one that was taken in the place of its own
            value_B = expected_value(q_BA, target_epsilon, self.q.mask is not None) + taken_B * (
                return_B - q_BA[each_B, action_B]
            )
            longer_B = w.reward_NE[w.ago(k), copy_B] + c.gamma * value_B
            return_B = np.where(k < length_B, longer_B, return_B)
        return return_B
