"""A table of action values Q(s, a): looked up, explored by, and moved towards targets."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.policy import Choice, Policy
from palestra.envs.finite.dynamics import state_index
from palestra.envs.masks import ActionMask
from palestra.ops import tables
from palestra.ops.tables import Floats, Ints


class QTable(Policy):
    """Q(s, a), and acting on it.

    Args:
        num_tables: M, one but for double learning; it acts on their mean.
        num_states: S.
        num_actions: A.
        initial_value: of every entry.
        learning_rate: share of the way to its target that an entry is moved.
        learning_rate_decay: power w: an entry's n-th move has the rate learning_rate / n^w.
        seed: of the exploring.
        index: from observations, without the mask, to states.
        mask: where an observation says which actions are allowed; the others get the value ``FORBIDDEN``.
    """

    saves = ("table", "visits", "epsilon", "exploring")
    learned = ("table",)
    derives = ("errors", "index")

    def __init__(
        self,
        num_tables: int,
        num_states: int,
        num_actions: int,
        *,
        initial_value: float,
        learning_rate: float,
        learning_rate_decay: float,
        seed: int,
        index: Callable[[Tensor], Tensor] = state_index,
        mask: ActionMask | None = None,
    ):
        self.num_states, self.num_actions = num_states, num_actions
        self.mask, self.initial_value = mask, initial_value
        self.rate: float | Floats = learning_rate
        self.decay: float | Floats = learning_rate_decay
        self.index = index
        self.table = np.full((num_tables, num_states, num_actions), initial_value)
        """(M, S, A) float64: action values."""
        self.visits = np.zeros(self.table.shape, dtype=np.int64)
        """(M, S, A) int64: moves of each entry so far."""
        self.exploring = seeding.generator(seed, "actions")
        self.epsilon: Any = 0.0
        """Share of random actions now; with tables laid end to end it may be one for each of (B,) states, as rates."""
        self.errors: list[Floats] = []
        """What entries were moved by since somebody looked."""

    def values(self, state_B: Ints) -> Floats:
        """Q (B, A) that is acted on, in states (B,)."""
        if len(self.table) > 1:
            mean_BA: Floats = self.table.take(state_B, 1).mean(0)
            return mean_BA
        q_BA: Floats = self.table[0].take(state_B, 0)
        return q_BA

    def explore(self, state_B: Ints, uniform_B: Floats) -> Ints:
        """Epsilon-greedy actions (B,); of several greatest values each is as likely as the other."""
        return tables.explore(self.values(state_B), self.epsilon, uniform_B, self.mask is not None)

    def entry(self, state_B: Ints, action_B: Ints) -> Ints:
        """Indices (B,) of pairs in the first table laid out flat."""
        return state_B * self.num_actions + action_B

    def improve(self, entry_B: Ints, target_B: Floats) -> None:
        """Q(s, a) <- Q(s, a) + alpha (target - Q(s, a)), for one entry after another (Sutton & Barto 2018, eq. 2.4)."""
        error_B = tables.move_towards(
            self.table.reshape(-1), self.visits.reshape(-1), entry_B, target_B, self.rate, self.decay
        )
        self.errors.append(error_B)

    def uniform(self, *shape: int) -> Floats:
        """Random numbers in [0, 1) of a shape, float64."""
        numbers: Floats = torch.rand(shape, dtype=torch.float64, generator=self.exploring).numpy()
        return numbers

    def states(self, obs_BF: Tensor) -> Ints:
        """The states (B,) that observations show; what these do not allow is forbidden there from now on."""
        if self.mask is None:
            return self.index(obs_BF).numpy()
        state_B: Ints = self.index(self.mask.rest(obs_BF)).numpy()
        valid_BA = self.mask.of(obs_BF).numpy()
        b, a = np.nonzero(~valid_BA & valid_BA.any(1, keepdims=True))  # where nothing is allowed, nothing is chosen
        self.table[:, state_B[b], a] = tables.FORBIDDEN
        b, a = np.nonzero(valid_BA & (self.values(state_B) <= tables.FORBIDDEN))  # it was not, when last seen
        self.table[:, state_B[b], a] = self.initial_value
        return state_B

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Greedy actions (B,), the first of equals, or epsilon-greedy ones, for observations (B, F) or indices (B,)."""
        state_B = self.states(seen)
        if deterministic:
            return torch.from_numpy(self.values(state_B).argmax(1))
        return torch.from_numpy(self.explore(state_B, self.uniform(len(state_B))))

    def choice(self, seen: Tensor) -> Choice:
        """Greedy actions, the first of equals, and the values (B, A) float64."""
        q_BA = self.values(self.states(seen))
        return Choice(torch.from_numpy(q_BA.argmax(1)), "value", torch.from_numpy(q_BA))
