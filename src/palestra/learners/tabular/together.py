"""Tables that are learned together: laid end to end they are one table, and one rule moves all of them.

The states of the second table follow those of the first, and so on. Copies of different members never meet in an entry,
so the moves of each are made in the order in which it would have made them alone, on the same numbers: every table, and
all that is reported of it, comes out to the bit as from its own training.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from palestra.engine.together import Together
from palestra.envs.joined import Joined, checked
from palestra.errors import UsageError
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.tabular_learner import TabularLearner, as_step
from palestra.measure import Metrics
from palestra.ops.tables import Floats, Ints


class TablesTogether(Together):
    """Tables that one separable rule moves, for one world.

    A table is copied into the common one before a step and back after it, which costs no more than the sums over the
    table that every step reports.
    """

    vectors = (
        "gamma", "learning_rate", "learning_rate_decay", "epsilon_start", "epsilon_end", "exploration_fraction",
        "initial_value",
    )  # fmt: skip

    def __init__(self, members: Sequence[TabularLearner]):
        super().__init__(members)
        first, number = members[0], len(members)
        self.copies, self.states = first.env.num_envs, first.q.num_states
        self.joined = Joined([member.env for member in members])
        self.offset_B: Ints = np.repeat(np.arange(number) * self.states, self.copies)
        """(B,) where the table begins of the member that each copy is of."""
        self.q = QTable(
            len(first.q.table), number * self.states, first.q.num_actions, initial_value=0.0, learning_rate=0.0,
            learning_rate_decay=0.0, seed=0, index=self.index,
        )  # fmt: skip
        self.q.rate = self.each(member.config.learning_rate for member in members)
        self.q.decay = self.each(member.config.learning_rate_decay for member in members)
        self.gamma = self.each(member.config.gamma for member in members)
        self._begin: dict[int, Tensor] = {}
        self.rule = type(first.rule)(self.q, first.config, self.joined.env.num_envs)

    @classmethod
    def check(cls, learner: TabularLearner) -> None:
        """A rule that can be many, in a world of tensors that allows every action."""
        if not learner.rule.separable:
            raise UsageError(
                f"{learner.name} together with others; expected a rule that keeps nothing between steps: q-learning,"
                " double-q-learning, sarsa or expected-sarsa"
            )
        checked(learner.env)

    def index(self, obs: Tensor) -> Tensor:
        """The states (B,) in the common table that observations of every member's copies show."""
        state: Tensor = self.members[0].states.index(obs)
        if len(state) not in self._begin:
            member = torch.arange(len(self.members)).repeat_interleave(len(state) // len(self.members))
            self._begin[len(state)] = member * self.states
        return state + self._begin[len(state)]

    def each(self, values: Iterable[float]) -> float | Floats:
        """A number of each member for each of its copies (B,); the number alone where all have the same."""
        listed = list(values)
        if len(set(listed)) == 1:
            return listed[0]
        return np.repeat(np.array(listed, dtype=np.float64), self.copies)

    def step(self) -> list[Metrics]:
        """A step of every table; where the budget leaves some a shorter one than others, one after the other."""
        members, copies = self.members, self.copies
        if len({member.turns() for member in members}) > 1:
            return [member.step() for member in members]
        self.gather()
        state_B: Ints = np.concatenate([member.state_E for member in members]) + self.offset_B
        start_B: Ints = np.concatenate([member.start_E for member in members]) + self.offset_B
        action_B: Ints = np.concatenate([member.action_E for member in members])
        shape = (members[0].turns(), len(state_B))
        reward_TB, done_TB = np.empty(shape), np.empty(shape, dtype=bool)
        drawn = [member.q.uniform(shape[0], self.rule.draws_per_step, copies) for member in members]
        uniform_TUB = np.concatenate(drawn, 2)
        epsilons = self.epsilons(shape[0])
        self.q.errors.clear()
        with torch.inference_mode():
            for t in range(shape[0]):
                self.q.epsilon = epsilons[t]
                result = self.joined.step(torch.from_numpy(action_B))
                s = as_step(result, state_B, action_B, self.q, self.gamma)
                if s.done_E.any():
                    start_B = np.where(s.done_E, s.onward_E, start_B)
                reward_TB[t], done_TB[t] = s.reward_E, s.done_E
                action_B, state_B = self.rule.update(s, uniform_TUB[t]), s.onward_E
        self.scatter()
        errors_TB = np.stack(self.q.errors)
        metrics = []
        for i, member in enumerate(members):
            part, first = slice(i * copies, (i + 1) * copies), i * self.states
            member.state_E, member.action_E = state_B[part] - first, action_B[part].copy()
            member.start_E = start_B[part] - first
            member.q.epsilon = member.epsilon_at(member.clock + (shape[0] - 1) * copies)
            member.q.errors = [errors_TB[:, part].ravel()]
            member.clock += shape[0] * copies
            metrics.append(member.came_to(result.obs[part], reward_TB[:, part], done_TB[:, part]))
        return metrics

    def actor(self) -> Callable[[Tensor], Tensor]:
        """The greedy actions of the tables as they are now."""
        self.gather_tables()
        return self.q.act

    def gather(self) -> None:
        """Stand where the members stand: their copies, and what they know."""
        self.joined.gather()
        self.gather_tables()

    def gather_tables(self) -> None:
        """Lay the members' tables end to end."""
        np.concatenate([member.q.table for member in self.members], 1, out=self.q.table)
        np.concatenate([member.q.visits for member in self.members], 1, out=self.q.visits)

    def scatter(self) -> None:
        """Let the members stand where they have come to."""
        self.joined.scatter()
        for i, member in enumerate(self.members):
            part = slice(i * self.states, (i + 1) * self.states)
            member.q.table[...], member.q.visits[...] = self.q.table[:, part], self.q.visits[:, part]

    def epsilons(self, turns: int) -> list[float | Floats]:
        """The shares of random actions in so many turns from now on."""
        courses = [(each.config.epsilon_start, each.config.epsilon_end, each.config.exploration_fraction, each.budget,
                    each.clock) for each in self.members]  # fmt: skip
        if len(set(courses)) == 1:
            first = self.members[0]
            return [first.epsilon_at(first.clock + t * self.copies) for t in range(turns)]
        return [self.each(each.epsilon_at(each.clock + t * self.copies) for each in self.members) for t in range(turns)]
