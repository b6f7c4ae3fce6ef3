"""Finite Markov decision processes: every outcome of every action in every state, as flat arrays.

One description serves planning, which reads it, and acting, which samples from it. What ends an episode is a property
of an outcome (``terminated``), never of a state; which states are terminal follows from it in one place, here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor

from palestra.errors import require
from palestra.ops.ragged import ranges

TOLERANCE = 1e-9
"""How far probabilities may sum from 1."""


class Grid(NamedTuple):
    """How the states of a process lie on a board, for whoever draws it."""

    shape: tuple[int, int]
    """Rows and columns; state ``row * columns + column`` is a cell."""
    tiles: bytes
    """One letter a cell: ``S`` start, ``G`` goal, ``X`` what ends or costs dearly, ``#`` wall, ``.`` anything else."""
    moves: tuple[tuple[int, int], ...]
    """(rows, columns) that each action means to move: down and right are positive."""


@dataclass(frozen=True, eq=False)
class FiniteMDP:
    """A finite process with S states and A actions.

    The outcomes of action a in state s are ``offset[s * A + a]`` up to, not including, ``offset[s * A + a + 1]`` of
    the outcome arrays: compressed rows, so that a million states with a few outcomes each cost what they hold.
    """

    num_states: int
    """S."""
    num_actions: int
    """A."""
    offset: Tensor
    """(S * A + 1,) int64: where the outcomes of each pair begin."""
    probability: Tensor
    """(N,) float64: of each outcome, given its state and action."""
    next_state: Tensor
    """(N,) int64: where it leads."""
    reward: Tensor
    """(N,) float64."""
    terminated: Tensor
    """(N,) bool: it ends the episode, and nothing follows whatever ``next_state`` is."""
    start: Tensor
    """(S,) float64: probabilities of the first state of an episode."""
    grid: Grid | None = None
    """Its board, if it has one."""

    def __post_init__(self) -> None:
        pairs, outcomes = self.num_states * self.num_actions, len(self.next_state)
        require(pairs > 0, f"{self.num_states} states and {self.num_actions} actions", "at least one of each")
        sizes = {name: len(getattr(self, name)) for name in ("probability", "reward", "terminated")}
        require(set(sizes.values()) == {outcomes}, f"outcome arrays of {sizes}", f"{outcomes} each, as next_state has")
        require(len(self.offset) == pairs + 1, f"{len(self.offset)} offsets", f"{pairs + 1}, one for each pair and one")
        require(len(self.start) == self.num_states, f"start of {len(self.start)}", f"one for each of {self.num_states}")
        whole = int(self.offset[0]) == 0 and int(self.offset[-1]) == outcomes and bool((self.offset.diff() > 0).all())
        require(whole, "offsets that leave a pair without outcomes", f"0 up to {outcomes}, rising at every pair")
        low, high = int(self.next_state.min()), int(self.next_state.max())
        require(low >= 0 and high < self.num_states, f"next states {low} to {high}", f"0 to {self.num_states - 1}")
        for name, probability in (("outcomes", self.probability), ("start", self.start)):
            require(bool((probability >= 0).all()), f"probability {float(probability.min())} of {name}", "0 or more")
        worst = float((self._per_pair(self.probability) - 1.0).abs().max())
        require(worst <= TOLERANCE, f"probabilities of a pair that are {worst:.3g} off 1 in sum", "a sum of 1")
        total = float(self.start.sum())
        require(abs(total - 1.0) <= TOLERANCE, f"start probabilities that sum to {total:.6g}", "a sum of 1")
        require(bool(self.reward.isfinite().all()), "a reward that is not finite", "finite rewards")

    def to(self, device: torch.device | str) -> "FiniteMDP":
        """The same process with its arrays on a device; itself if they are there."""
        if self.offset.device == torch.empty(0, device=device).device:
            return self
        names = ("offset", "probability", "next_state", "reward", "terminated", "start")
        moved = replace(self, **{name: getattr(self, name).to(device) for name in names})
        moved.__dict__["terminal"] = self.terminal.to(device)
        return moved

    def _per_pair(self, value_N: Tensor) -> Tensor:
        """Sums of a figure of the outcomes over those of each pair, (S * A,)."""
        if len(value_N) == len(self.offset) - 1:
            return value_N
        return torch.segment_reduce(value_N, "sum", offsets=self.offset)

    @property
    def is_deterministic(self) -> bool:
        """Whether every action has one outcome."""
        return len(self.next_state) == self.num_states * self.num_actions

    @cached_property
    def pair(self) -> Tensor:
        """(N,) int64: ``s * A + a`` of the state and action that each outcome is of."""
        return torch.repeat_interleave(self.offset.diff())

    @cached_property
    def terminal(self) -> Tensor:
        """(S,) bool: states in which an episode can end and nothing can happen; their value is zero.

        They are entered by outcomes that terminate, and by no other outcome in a state that an episode can be in.
        What the arrays say of actions in them (Gymnasium's cliff has ordinary moves out of its goal) is never asked.
        """
        possible = self.probability > 0
        goes_on = possible & ~self.terminated
        ends = torch.zeros(self.num_states, dtype=torch.bool)
        ends[self.next_state[possible & self.terminated]] = True
        acts = self._per_pair((possible & (~self.terminated | (self.reward != 0))).double())
        idle = acts.view(self.num_states, -1).sum(1) == 0  # whatever is done ends, without reward
        if not (ends & ~idle).any():
            return ends
        lived_in = self.start > 0
        frontier = lived_in.nonzero().squeeze(1)
        pairs = torch.arange(self.num_actions)
        while len(frontier):
            rows = (frontier[:, None] * self.num_actions + pairs).flatten()
            outcomes = ranges(self.offset[rows], self.offset[rows + 1])
            reached = self.next_state[outcomes[goes_on[outcomes]]]
            frontier = reached[~lived_in[reached]].unique()
            lived_in[frontier] = True
        return ends & (idle | ~lived_in)


Outcome = tuple[float, int, float, bool]
"""Probability, next state, reward, terminated: as Gymnasium's ``P`` lists them."""


def from_table(
    table: Mapping[int, Mapping[int, Sequence[Outcome]]], start: Sequence[float] | None = None, grid: Grid | None = None
) -> FiniteMDP:
    """A process from Gymnasium's ``P``: state to action to a list of (probability, next state, reward, terminated).

    Every state 0 to S - 1 has the same actions 0 to A - 1. ``start`` is (S,) probabilities, uniform if None.
    """
    states, actions = len(table), len(table[0])
    for state in range(states):
        named = state in table and sorted(table[state]) == list(range(actions))
        require(named, f"a table whose state {state} lacks one of actions 0 to {actions - 1}", "all, in every state")
    rows = [table[state][action] for state in range(states) for action in range(actions)]
    counts = torch.tensor([0, *(len(row) for row in rows)])
    outcomes = [outcome for row in rows for outcome in row]
    probability, next_state, reward, terminated = zip(*outcomes, strict=True)
    return FiniteMDP(
        states,
        actions,
        counts.cumsum(0),
        torch.tensor(probability, dtype=torch.float64),
        torch.tensor([int(state) for state in next_state]),
        torch.tensor([float(r) for r in reward], dtype=torch.float64),
        torch.tensor([bool(t) for t in terminated]),
        _start(start, states),
        grid,
    )


def from_arrays(
    probability_SAS: Any, reward: Any, *, start: Any = None, terminal: Any = None, grid: Grid | None = None
) -> FiniteMDP:
    """A process from dense arrays.

    Args:
        probability_SAS: (S, A, S) of the next state, given state and action.
        reward: (S, A), or (S, A, S) where it depends on the next state too.
        start: (S,) probabilities of the first state; uniform if None.
        terminal: (S,) bool, states whose entry ends the episode; none if None.
        grid: the board that the states are cells of, if any.
    """
    dense = torch.as_tensor(probability_SAS, dtype=torch.float64)
    square = dense.dim() == 3 and dense.shape[0] == dense.shape[2]
    require(square, f"probabilities of shape {tuple(dense.shape)}", "(states, actions, states)")
    states, actions, _ = dense.shape
    gains = torch.as_tensor(reward, dtype=torch.float64)
    fits = gains.shape in (dense.shape, dense.shape[:2])
    require(fits, f"rewards of shape {tuple(gains.shape)}", f"({states}, {actions}), or with {states} as third")
    gains = gains.expand(dense.shape) if gains.dim() == 3 else gains[..., None].expand(dense.shape)
    ends = torch.zeros(states, dtype=torch.bool) if terminal is None else torch.as_tensor(terminal, dtype=torch.bool)
    state, action, following = (dense != 0).nonzero(as_tuple=True)
    counts = (dense != 0).sum(2).flatten()
    return FiniteMDP(
        states,
        actions,
        torch.cat((counts.new_zeros(1), counts.cumsum(0))),
        dense[state, action, following],
        following,
        gains[state, action, following],
        ends[following],
        _start(start, states),
        grid,
    )


def garnet(num_states: int = 100, num_actions: int = 4, branching: int = 3, seed: int = 0) -> FiniteMDP:
    """A random process: Generic Average Reward Non-stationary Environment Test-bench (Bhatnagar et al. 2009).

    Every action leads to ``branching`` states, drawn without repetition, with probabilities that cut the unit interval
    at uniform points; expected rewards are standard normal, one for each state and action. No episode ends: set
    ``max_episode_steps``. It begins in a state drawn uniformly.
    """
    require(1 <= branching <= num_states, f"branching={branching}", f"1 to the number of states, {num_states}")
    require(num_actions >= 1, f"num_actions={num_actions}", "at least 1")
    generator = torch.Generator().manual_seed(seed)
    pairs = num_states * num_actions
    cuts = torch.rand(pairs, branching - 1, dtype=torch.float64, generator=generator).sort(1).values
    edge = cuts.new_zeros(pairs, 1)
    probability = torch.cat((edge, cuts, edge + 1.0), 1).diff(dim=1)
    # Floyd's sampling, one column of all pairs at a time: memory of what is drawn, not of what it is drawn from.
    chosen = torch.empty(pairs, branching, dtype=torch.int64)
    for column, top in enumerate(range(num_states - branching, num_states)):
        drawn = torch.randint(top + 1, (pairs,), generator=generator)
        taken = (chosen[:, :column] == drawn[:, None]).any(1)
        chosen[:, column] = torch.where(taken, top, drawn)
    reward = torch.randn(pairs, dtype=torch.float64, generator=generator)
    return FiniteMDP(
        num_states,
        num_actions,
        torch.arange(0, pairs * branching + 1, branching),
        probability.flatten(),
        chosen.flatten(),
        reward.repeat_interleave(branching),
        torch.zeros(pairs * branching, dtype=torch.bool),
        _start(None, num_states),
    )


def _start(start: Any, states: int) -> Tensor:
    if start is None:
        return torch.full((states,), 1.0 / states, dtype=torch.float64)
    return torch.as_tensor(start, dtype=torch.float64)
