r"""Bellman operators of a finite Markov decision process, over all of its states at once.

    q(s, a)    = r(s, a) + gamma sum_s' p(s' | s, a) v(s')           (Sutton & Barto 2018, eq. 4.6)
    (T v)(s)   = max_a q(s, a)                                       (eq. 4.10, value iteration)
    (T_pi v)(s) = sum_a pi(a | s) q(s, a)                            (eq. 4.5, policy evaluation)

Values have one entry more than there are states (X = S + 1): the last is *over*, whose value is zero. An outcome that
terminates leads to *over* and so do all of a terminal state's, without reward: that is where terminal states are
handled, for every operator alike. Actions come before states, so that a maximum over them runs along contiguous memory.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.ops.ragged import ranges
from palestra.ops.shapes import check_rank, check_same_shape

States = slice | Tensor
"""Which states to look at: a contiguous piece, or indices (B,) int64."""

ALL = slice(None)
BLOCK = 65_536
"""States of one piece of a sweep on a CPU: what it reads and writes stays in the cache."""
UNSOLVED = 1e-2
"""Of the largest reward: where values miss their equation by it, they are wrong by about that share of themselves."""


class Sparse(NamedTuple):
    """A process whose actions have few outcomes: look-ups of the successors' values."""

    reward_AS: Tensor
    """Expected."""
    successor_JAS: Tensor
    """int32, S for *over*."""
    probability_JAS: Tensor | None
    """None where every action has one outcome. Rows with fewer than J are filled up with probability 0."""


class Dense(NamedTuple):
    """A process whose actions lead almost anywhere: one matrix product."""

    reward_AS: Tensor
    probability_ASX: Tensor


Dynamics = Sparse | Dense


def dynamics(
    offset: Tensor,
    probability_L: Tensor,
    next_state_L: Tensor,
    reward_L: Tensor,
    terminated_L: Tensor,
    terminal_S: Tensor,
    *,
    dtype: torch.dtype = torch.float64,
    dense: bool | None = None,
) -> Dynamics:
    """A process for the operators.

    Args:
        offset: (S * A + 1,) int64; the outcomes of action a in state s are offset[s * A + a] up to the next offset.
        probability_L: (L,) of each outcome.
        next_state_L: (L,) int64.
        reward_L: (L,).
        terminated_L: (L,) bool, the outcome ends the episode.
        terminal_S: (S,) bool, states of value zero whatever the arrays say of them.
        dtype: of all values.
        dense: which form; None for the dense one where a quarter of its entries would be in use.
    """
    check_rank(1, offset=offset, terminal=terminal_S)
    check_same_shape(
        probability=probability_L, next_state=next_state_L, reward=reward_L, terminated=terminated_L
    )  # fmt: skip
    states, pairs, device = len(terminal_S), len(offset) - 1, offset.device
    actions, most = pairs // states, int(offset.diff().max())
    if dense is None:
        dense = 4 * most > states
    reward_AS = torch.empty(actions, states, dtype=dtype, device=device)
    successor_JAS = torch.full((0 if dense else most, actions, states), states, dtype=torch.int32, device=device)
    probability_JAS = torch.zeros(0 if dense or most == 1 else most, actions, states, dtype=dtype, device=device)
    matrix = torch.zeros(pairs if dense else 0, states + 1, dtype=torch.float64, device=device)
    for begin in range(0, states, BLOCK):  # a piece at a time, so that what is made on the way stays small
        end = min(begin + BLOCK, states)
        first, last = begin * actions, end * actions
        piece = slice(int(offset[first]), int(offset[last]))
        pair_L = torch.repeat_interleave(offset[first : last + 1].diff(), output_size=piece.stop - piece.start)
        probability = probability_L[piece].double()
        expected = torch.zeros(last - first, dtype=torch.float64, device=device)
        expected.index_add_(0, pair_L, probability * reward_L[piece].double())
        reward_AS[:, begin:end] = expected.view(-1, actions).T.to(dtype).masked_fill(terminal_S[begin:end], 0.0)
        state_L = begin + pair_L // actions
        successor_L = next_state_L[piece].masked_fill(terminated_L[piece] | terminal_S[state_L], states)
        if dense:
            matrix.index_put_((first + pair_L, successor_L), probability, accumulate=True)
            continue
        number_L = torch.arange(piece.start, piece.stop, device=device) - offset[first + pair_L]  # among its pair's
        successor_JAS[number_L, pair_L % actions, state_L] = successor_L.int()
        if most > 1:
            probability_JAS[number_L, pair_L % actions, state_L] = probability.to(dtype)
    if dense:
        return Dense(reward_AS, matrix.view(states, actions, -1).transpose(0, 1).to(dtype).contiguous())
    return Sparse(reward_AS, successor_JAS, probability_JAS if most > 1 else None)


def q_values(d: Dynamics, value_X: Tensor, gamma: float, states: States = ALL) -> Tensor:
    """q(s, a) = r(s, a) + gamma sum_s' p(s' | s, a) v(s'), shape (A, B), in B given states (all if not given)."""
    if isinstance(d, Dense):
        return torch.add(d.reward_AS[:, states], d.probability_ASX[:, states] @ value_X, alpha=gamma)
    successor_JAB = d.successor_JAS[..., states]
    next_value_JAB = value_X.index_select(0, successor_JAB.reshape(-1)).view(successor_JAB.shape)
    if d.probability_JAS is None:
        return torch.add(d.reward_AS[:, states], next_value_JAB[0], alpha=gamma)
    expected_AB = (next_value_JAB * d.probability_JAS[..., states]).sum(0)
    return torch.add(d.reward_AS[:, states], expected_AB, alpha=gamma)


def sweep(
    d: Dynamics, value_X: Tensor, gamma: float, *, out_X: Tensor, block: int = BLOCK, backwards: bool = False
) -> float:
    """Back every state up once, v(s) <- max_a q(s, a), a block of states at a time; returns the largest change.

    With ``out_X`` another tensor than ``value_X`` every state sees the values from before the sweep (Jacobi). With
    the same one a block sees what the blocks before it have become (Gauss-Seidel; with blocks of one state, the
    textbook's sweep in place).
    """
    states = len(value_X) - 1
    begins = range(0, states, block)
    largest = []
    for begin in reversed(begins) if backwards else begins:
        piece = slice(begin, min(begin + block, states))
        new_B = q_values(d, value_X, gamma, piece).amax(0)
        largest.append((new_B - value_X[piece]).abs_().amax())
        out_X[piece] = new_B
    return float(torch.stack(largest).amax())


def under(d: Dynamics, policy: Tensor) -> Dynamics:
    """The process with the one action that a policy makes of all: ``sweep`` of it evaluates the policy.

    ``policy`` is (S,) int64 actions, or (A, S) probabilities.
    """
    reward_AS = d.reward_AS
    if policy.dim() == 1:
        index = policy[None]
        if isinstance(d, Dense):
            every = torch.arange(len(policy), device=policy.device)
            return Dense(reward_AS.gather(0, index), d.probability_ASX[policy, every][None])
        index_JAS = index.expand(len(d.successor_JAS), 1, -1)
        chosen = None if d.probability_JAS is None else d.probability_JAS.gather(1, index_JAS)
        return Sparse(reward_AS.gather(0, index), d.successor_JAS.gather(1, index_JAS), chosen)
    check_same_shape(policy=policy, reward=reward_AS)
    policy_AS = policy.to(reward_AS.dtype)
    mean_1S = (policy_AS * reward_AS).sum(0, keepdim=True)
    if isinstance(d, Dense):
        return Dense(mean_1S, (policy_AS[..., None] * d.probability_ASX).sum(0, keepdim=True))
    share_JAS = policy_AS.expand(d.successor_JAS.shape) if d.probability_JAS is None else policy_AS * d.probability_JAS
    states = reward_AS.shape[1]
    return Sparse(mean_1S, d.successor_JAS.reshape(-1, 1, states), share_JAS.reshape(-1, 1, states))


def solve(d: Dynamics, gamma: float) -> Tensor:
    """The value (X,) of a process with one action, v = (I - gamma P)^-1 r (Sutton & Barto 2018, eq. 4.4).

    Costs S^2 numbers and S^3 steps. Raises ValueError where there is no such value, with gamma = 1 from a state that
    no episode ends from, and where rounding hides it: episodes too long for the digits of the numbers.
    """
    states = d.reward_AS.shape[1]
    if isinstance(d, Dense):
        transition_SX = d.probability_ASX[0]
    else:
        transition_SX = d.reward_AS.new_zeros(states, states + 1)
        share_JS = torch.ones_like(d.successor_JAS[:, 0], dtype=d.reward_AS.dtype)
        if d.probability_JAS is not None:
            share_JS = d.probability_JAS[:, 0]
        transition_SX.scatter_add_(1, d.successor_JAS[:, 0].T.long(), share_JS.T)
    # The factors of a singular matrix say so or not as they happen to be rounded: the process is asked, not they.
    if gamma >= 1 and len(endless_B := _endless(transition_SX).nonzero()):
        raise ValueError(
            f"no value solves v = r + gamma P v with gamma={gamma}: an episode need not end, and from state "
            f"{int(endless_B[0])} none does ({len(endless_B)} such of {states})"
        )
    identity = torch.eye(states, dtype=d.reward_AS.dtype, device=d.reward_AS.device)
    matrix_SS = identity - gamma * transition_SX[:, :-1]
    value_S, _ = torch.linalg.solve_ex(matrix_SS, d.reward_AS[0])
    # How far v misses its equation (rewards come last: large values would swallow them), and how far it would if each
    # probability were another by its own rounding.
    rounding = value_S.abs().amax() * (torch.finfo(value_S.dtype).eps / 2)
    missed = (matrix_SS @ value_S - d.reward_AS[0]).abs().amax() + rounding
    if not missed <= UNSOLVED * d.reward_AS.abs().amax():
        raise ValueError(
            f"v = r + gamma P v with gamma={gamma} is met to {float(missed):.1e} at best in "
            f"{str(value_S.dtype).removeprefix('torch.')}: an episode is too long to add its rewards up"
        )
    return torch.cat((value_S, value_S.new_zeros(1)))


def _endless(transition_SX: Tensor) -> Tensor:
    """(S,) bool: the states from which *over* is out of reach. Each state is gone back from once: S^2 steps in all."""
    states, over = transition_SX.shape[0], transition_SX.shape[1] - 1
    before_XS = (transition_SX > 0).T.contiguous()
    endless_S = torch.ones(states, dtype=torch.bool, device=transition_SX.device)
    reached_B = torch.tensor([over], device=transition_SX.device)
    while len(reached_B):
        new_S = before_XS[reached_B].any(0) & endless_S
        endless_S &= ~new_S
        reached_B = new_S.nonzero().squeeze(1)
    return endless_S


def greedy(q_AS: Tensor, tie: float = 0.0) -> Tensor:
    """(A, S) bool: the actions within ``tie`` of the best in each state."""
    near_AS: Tensor = q_AS >= q_AS.amax(0) - tie
    return near_AS


class Predecessors(NamedTuple):
    """Which states can lead to which, as compressed rows."""

    offset: Tensor
    """(S + 1,) int64."""
    state_L: Tensor
    """(L,) int64."""

    def of(self, state_B: Tensor) -> Tensor:
        """The states, each once and ascending, from which some action can lead to one of the given ones."""
        found_L: Tensor = self.state_L[ranges(self.offset[state_B], self.offset[state_B + 1])].unique()
        return found_L


def predecessors(d: Dynamics) -> Predecessors:
    """Every state's predecessors: whose values a change of its own can change."""
    states = d.reward_AS.shape[1]
    if isinstance(d, Dense):
        before, after = (d.probability_ASX > 0).any(0)[:, :states].nonzero(as_tuple=True)
    else:
        possible = d.successor_JAS < states
        if d.probability_JAS is not None:
            possible &= d.probability_JAS > 0
        *_, before = possible.nonzero(as_tuple=True)
        after = d.successor_JAS[possible].long()
    edge = (after * states + before).unique()
    count = torch.bincount(edge // states, minlength=states)
    return Predecessors(torch.cat((count.new_zeros(1), count.cumsum(0))), edge % states)


def prioritised_sweep(
    d: Dynamics,
    value_X: Tensor,
    priority_S: Tensor,
    gamma: float,
    before: Predecessors,
    *,
    threshold: float,
    share: float = 0.1,
    budget: int | None = None,
) -> int:
    """Back up, again and again, the states whose values are furthest from their backups; returns how many backups.

    Moore & Atkeson 1993 (https://doi.org/10.1007/BF00993104), with a batch for the head of the queue: every state whose
    priority |max_a q(s, a) - v(s)| is at least ``share`` of the largest. Priorities are kept exact: those of the states
    backed up and of all their predecessors are computed anew. Writes to ``value_X`` and ``priority_S``.

    Args:
        d: the process.
        value_X: (X,).
        priority_S: (S,), as :func:`priorities` gives it.
        gamma: discount.
        before: of ``d``.
        threshold: priorities up to this are left alone.
        share: 1 backs up only ties of the largest; near 0, everything above the threshold.
        budget: backups after which to stop, S if None.
    """
    budget = len(priority_S) if budget is None else budget
    queue_B = (priority_S > threshold).nonzero().squeeze(1)
    done = 0
    while done < budget and len(queue_B):
        urgency_B = priority_S[queue_B]
        chosen_B = queue_B[urgency_B >= share * urgency_B.amax()][: budget - done]
        value_X[chosen_B] = q_values(d, value_X, gamma, chosen_B).amax(0)
        done += len(chosen_B)
        changed_B = torch.cat((before.of(chosen_B), chosen_B)).unique()
        priority_S[changed_B] = (q_values(d, value_X, gamma, changed_B).amax(0) - value_X[changed_B]).abs_()
        queue_B = torch.cat((queue_B, changed_B)).unique()
        queue_B = queue_B[priority_S[queue_B] > threshold]
    return done


def priorities(d: Dynamics, value_X: Tensor, gamma: float) -> Tensor:
    """|max_a q(s, a) - v(s)|, shape (S,): how far every state is from its backup, its Bellman residual."""
    return (q_values(d, value_X, gamma).amax(0) - value_X[:-1]).abs_()
