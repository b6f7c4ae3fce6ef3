"""What makes one tabular method another: its rule, which learns from a step and says what to do next."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from palestra.engine.settings import AlgorithmConfig
from palestra.errors import require
from palestra.learners.tabular.q_table import QTable
from palestra.ops.tables import Floats, Ints


@dataclass(frozen=True)
class TabularConfig(AlgorithmConfig):
    """Settings that the tabular methods share."""

    default_num_envs: ClassVar[int] = 128
    default_num_envs_finite: ClassVar[int | None] = 256
    least_steps_of_a_copy: ClassVar[int] = 390  # 256 copies of 100,000 steps

    num_steps: int = 100
    """Steps of each environment between reports; changes nothing in what is learned."""
    gamma: float = 0.99
    """Discount."""
    learning_rate: float = 0.5
    """Share of the way to its target that an entry of the table is moved, alpha."""
    learning_rate_decay: float = 0.0
    """Power w: an entry's n-th move has the rate learning_rate / n^w. 0 for a constant rate; 1 for a mean."""
    epsilon_start: float = 0.1
    """Share of random actions at the start."""
    epsilon_end: float = 0.1
    """Share of random actions once exploration has fallen."""
    exploration_fraction: float = 1.0
    """Share of the budget over which epsilon falls linearly."""
    initial_value: float = 0.0
    """Every entry at the start. Above what can be had, it makes the agent try everything (optimism)."""

    def __post_init__(self) -> None:
        require(self.num_steps >= 1, f"num_steps={self.num_steps}", "at least 1")
        require(0 < self.learning_rate <= 1, f"learning_rate={self.learning_rate}", "0 < learning_rate <= 1")
        for name in ("gamma", "learning_rate_decay", "epsilon_start", "epsilon_end", "exploration_fraction"):
            require(0 <= getattr(self, name) <= 1, f"{name}={getattr(self, name)}", f"0 <= {name} <= 1")
        require(np.isfinite(self.initial_value), f"initial_value={self.initial_value}", "a finite number")

    def schedules(self) -> tuple[str, ...]:
        """Epsilon's, where it falls."""
        falls = self.exploration_fraction > 0 and self.epsilon_start != self.epsilon_end
        return ("exploration_fraction",) * falls


class Step(NamedTuple):
    """One step of every copy, as arrays (E,)."""

    state_E: Ints
    """Acted in."""
    action_E: Ints
    entry_E: Ints
    """Index of the pair of both in the table laid out flat."""
    reward_E: Floats
    next_state_E: Ints
    """The true successor, also where the episode ended."""
    discount_E: Floats
    """gamma, or 0 where the episode terminated: multiply a bootstrap by it. A time limit leaves it gamma."""
    done_E: NDArray[np.bool_]
    """The episode ended, for either reason."""
    onward_E: Ints
    """To go on from: the successor, or the first state of the next episode."""


class TabularRule(ABC):
    """A way to learn a table of action values from steps.

    Args:
        q: the table; a rule moves its entries and keeps nothing of it.
        config: the rule's settings.
        num_envs: E, copies whose steps it will be shown together.
    """

    name: ClassVar[str]
    """The id under which it is registered (``q-learning``)."""
    config_type: ClassVar[type[TabularConfig]] = TabularConfig
    """The dataclass of its settings."""
    num_tables: ClassVar[int] = 1
    """M of the table that it learns."""
    separable: ClassVar[bool] = False
    """Whether it keeps nothing, moves no entry but those of a step, and takes of its settings only what a table has:
    then one rule on several tables laid end to end is several rules, and they can be learned together."""
    draws_per_step: int = 1
    """Uniform random numbers of each copy that one ``update`` takes."""
    saves: ClassVar[tuple[str, ...]] = ()
    """What it keeps between two steps beside the table (:mod:`palestra.engine.state`)."""
    derives: ClassVar[tuple[str, ...]] = ("q",)

    def __init__(self, q: QTable, config: Any, num_envs: int):
        self.q, self.config = q, config

    @abstractmethod
    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        """Learn from one step of every copy; returns the actions (E,) to take in ``s.onward_E``.

        ``uniform_UE`` are ``draws_per_step`` random numbers in [0, 1) for each copy.
        """

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:  # noqa: B027 - most keep nothing of an episode
        """Drop what is kept of the unfinished episodes of copies (E,) bool that began anew."""

    def onward(self, s: Step, next_action_E: Ints, uniform_E: Floats) -> Ints:
        """Actions (E,) for the states to go on from: as drawn, but anew where an episode ended."""
        if not s.done_E.any():
            return next_action_E
        return np.where(s.done_E, self.q.explore(s.onward_E, uniform_E), next_action_E)
