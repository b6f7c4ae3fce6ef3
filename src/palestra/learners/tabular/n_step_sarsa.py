r"""n-step SARSA (Sutton & Barto 2018, section 7.2).

SARSA with n rewards before the bootstrap; an episode that ends sooner has fewer, and none where it terminated:

    G_{t:t+n} = R_{t+1} + gamma R_{t+2} + ... + gamma^{n-1} R_{t+n} + gamma^n Q(S_{t+n}, A_{t+n})       (eq. 7.4)
    Q(S_t, A_t) <- Q(S_t, A_t) + alpha [G_{t:t+n} - Q(S_t, A_t)]                                        (eq. 7.5)

An end of an episode lets up to n transitions be learned from in one step: the oldest of every copy first.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.errors import require
from palestra.learners.tabular.n_step_window import Window
from palestra.learners.tabular.table import Step, Tabular, TabularConfig
from palestra.ops.tables import Floats, Ints


@dataclass(frozen=True)
class NStepSarsaConfig(TabularConfig):
    """Settings of n-step SARSA."""

    n_step: int = 4
    """Rewards before the bootstrap, n."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.n_step >= 1, f"n_step={self.n_step}", "at least 1")


class NStepSarsa(Tabular):
    """n-step SARSA for worlds of finitely many states."""

    name = "n-step-sarsa"
    config_type = NStepSarsaConfig
    config: NStepSarsaConfig
    draws_per_step = 2

    def __init__(self, env: Any, config: NStepSarsaConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        self.window = Window(self.config.n_step, self.env.num_envs)

    def update(self, s: Step, uniform_KE: Floats) -> Ints:
        """Update the pair of n steps ago, and at an episode's end those after it; the action drawn first comes next."""
        next_action_E = self.explore(s.next_state_E, uniform_KE[0])
        self.window.add(s)
        while len(copy_B := self.window.due(s)):
            self.improve(self.window.oldest(copy_B), self.targets(s, next_action_E, copy_B))  # eq. 7.5
            self.window.drop(copy_B)
        return self.onward(s, next_action_E, uniform_KE[1])

    def targets(self, s: Step, next_action_E: Ints, copy_B: Ints) -> Floats:
        """G (B,) of the oldest transition of copies (B,), from the newest one backwards."""
        w, length_B = self.window, self.window.count_E[copy_B]
        bootstrap_B = s.discount_E[copy_B] * self.values(s.next_state_E[copy_B])[
            np.arange(len(copy_B)), next_action_E[copy_B]
        ]  # fmt: skip
        return_B = s.reward_E[copy_B] + bootstrap_B
        for k in range(1, int(length_B.max())):  # eq. 7.4 as G_{t:h} = R_{t+1} + gamma G_{t+1:h}
            longer_B = w.reward_NE[w.ago(k), copy_B] + self.config.gamma * return_B
            return_B = np.where(k < length_B, longer_B, return_B)
        return return_B

    def memory(self) -> dict[str, Any]:
        """The window."""
        return self.window.state_dict()

    def load_memory(self, memory: dict[str, Any]) -> None:
        """Take the window back."""
        self.window.load_state_dict(memory)

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:
        """Empty the window of copies that began anew."""
        self.window.count_E[restarted_E] = 0
