r"""Dyna-Q: learning, and planning with a model that is learned (Sutton 1990; Sutton & Barto 2018, section 8.2).

After every real step, Q-learning's update also runs on n remembered ones, each a state that was seen before and an
action that was tried in it, both at random, so that what one step has taught spreads without acting:

    Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)]          for the real step,
    Model(S, A) <- R, S',  then n times                                      for R, S' = Model(S, A)

The model remembers the last outcome of a pair, as the textbook's does: in a world of chance its plans follow that
chance. With several copies, each of the n planning updates is made once for every copy, all of them in turn.
"""

from dataclasses import dataclass
from typing import Any

from palestra.errors import require
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.rule import Step, TabularConfig, TabularRule
from palestra.learners.tabular.world_model import WorldModel
from palestra.ops.tables import Floats, Ints, draw


@dataclass(frozen=True)
class DynaQConfig(TabularConfig):
    """Settings of Dyna-Q."""

    planning_steps: int = 10
    """Updates from the model after each real step, n. 0 is Q-learning."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.planning_steps >= 0, f"planning_steps={self.planning_steps}", "0 or more")


class DynaQ(TabularRule):
    """Dyna-Q for deterministic worlds of finitely many states."""

    name = "dyna-q"
    saves = ("model",)
    config_type = DynaQConfig
    config: DynaQConfig

    def __init__(self, q: QTable, config: Any, num_envs: int):
        super().__init__(q, config, num_envs)
        self.draws_per_step = 1 + 2 * self.config.planning_steps
        self.model = WorldModel(self.q.num_states, self.q.num_actions)

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """Learn from the step, remember it, plan, and draw the next action."""
        next_value_E = self.q.values(s.next_state_E).max(1)
        self.q.improve(s.entry_E, s.reward_E + s.discount_E * next_value_E)  # eq. 6.8
        self.model.add(s)
        if self.config.planning_steps:
            self.plan(*uniform_UE[1:].reshape(2, self.config.planning_steps, -1))
        return self.q.explore(s.onward_E, uniform_UE[0])

    def plan(self, uniform_state_UE: Floats, uniform_action_UE: Floats) -> None:
        """U updates for each copy, on pairs drawn by these numbers in [0, 1)."""
        seen_L, tried_SA = self.model.seen_L, self.model.tried_SA
        state_B = seen_L[(uniform_state_UE.reshape(-1) * len(seen_L)).astype(int)]
        tried_BA = tried_SA[state_B]
        action_B = draw(tried_BA / tried_BA.sum(1, keepdims=True), uniform_action_UE.reshape(-1))
        for entry_E in self.q.entry(state_B, action_B).reshape(uniform_state_UE.shape):
            next_q_EA = self.q.values(self.model.next_state_P[entry_E])
            self.q.improve(entry_E, self.model.targets(entry_E, next_q_EA))  # eq. 6.8, of what the model gives
