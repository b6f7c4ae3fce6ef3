"""Linear systems at quadratic cost: the best feedback (Kalman 1960), forwards without end and backwards from an end.

Of x' = A x + B u + c at the cost of 1/2 (x'Q x + u'R u) + u'S x + q'x + r'u a step, the cost to come is
1/2 x'P x + p'x + constant, and the best action is u = K x + k. Leading dimensions (...) are problems side by side.

    V  numbers of a state
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from palestra.errors import require

DOUBLINGS = 100
"""Steps of the doubling, each of which looks twice as far ahead as the one before; a few dozen reach for ever."""


class Stage(NamedTuple):
    """One step of a system and its cost, or several problems' (...) side by side."""

    a: Tensor
    """(..., V, V) what becomes of the state by itself."""
    b: Tensor
    """(..., V, A) what an action does."""
    q: Tensor
    """(..., V, V) cost of states."""
    r: Tensor
    """(..., A, A) cost of actions."""
    s: Tensor
    """(..., A, V) cost of both together."""
    q_linear: Tensor
    """(..., V) the part of it that is linear in the state."""
    r_linear: Tensor
    """(..., A) in the action."""
    c: Tensor
    """(..., V) what is added to the next state whatever is done."""


class Value(NamedTuple):
    """The cost to come, without its constant: 1/2 x'P x + p'x."""

    matrix: Tensor
    """(..., V, V) P."""
    vector: Tensor
    """(..., V) p."""


class Outlook(NamedTuple):
    """The cost of this step and of all to come, as a quadratic function of state and action."""

    xx: Tensor
    """(..., V, V)."""
    ux: Tensor
    """(..., A, V)."""
    uu: Tensor
    """(..., A, A)."""
    x: Tensor
    """(..., V)."""
    u: Tensor
    """(..., A)."""


class Feedback(NamedTuple):
    """The action K x + k."""

    gain: Tensor
    """(..., A, V) K."""
    offset: Tensor
    """(..., A) k."""


def stage(a: Tensor, b: Tensor, q: Tensor, r: Tensor, target: Tensor | None = None) -> Stage:
    """A step whose cost is 1/2 (x - target)'Q (x - target) + 1/2 u'R u, without its constant.

    ``target`` (..., V) is zero if None.
    """
    s, still = b.mT * 0.0, b[..., 0] * 0.0
    q_linear = still if target is None else -_times(q, target)
    return Stage(a, b, q, r, s, q_linear, b[..., 0, :] * 0.0, still)


def outlook(now: Stage, then: Value) -> Outlook:
    """What a step and the cost to come after it are together."""
    pa, pb = then.matrix @ now.a, then.matrix @ now.b
    slope = then.vector + _times(then.matrix, now.c)
    return Outlook(
        now.q + now.a.mT @ pa,
        now.s + now.b.mT @ pa,
        now.r + now.b.mT @ pb,
        now.q_linear + _times(now.a.mT, slope),
        now.r_linear + _times(now.b.mT, slope),
    )


def value_of(seen: Outlook, act: Feedback) -> Value:
    """The cost to come if one acts by a feedback, whether it is the best one or not (Tassa et al. 2012)."""
    weighed = seen.uu @ act.gain + seen.ux
    matrix = seen.xx + act.gain.mT @ weighed + seen.ux.mT @ act.gain
    vector = seen.x + _times(weighed.mT, act.offset) + _times(act.gain.mT, seen.u)
    return Value((matrix + matrix.mT) / 2, vector)


def lqr(stages: Sequence[Stage], last: Value) -> tuple[list[Feedback], list[Value]]:
    """The best feedback of each of T steps, and the cost to come at its beginning, and at the end.

    Steps may differ (a system that changes, a target that moves). Returns T feedbacks and T + 1 values.
    """
    acts, values = list[Feedback](), [last]
    for now in reversed(stages):
        seen = outlook(now, values[0])
        solved = torch.linalg.solve(seen.uu, torch.cat((seen.ux, seen.u[..., None]), -1))
        act = Feedback(-solved[..., :-1], -solved[..., -1])  # the action at which the outlook is level
        acts.insert(0, act)
        values.insert(0, value_of(seen, act))
    return acts, values


def solve_riccati(a: Tensor, b: Tensor, q: Tensor, r: Tensor) -> Tensor:
    """(..., V, V) P of the cost of acting best for ever: the solution of the discrete algebraic Riccati equation

        P = Q + A'P A - A'P B (R + B'P B)^-1 B'P A

    by doubling (Chu, Fan, Lin & Wang 2004, algorithm SDA): after k steps H is the cost of 2^k steps ahead. Raises
    UsageError for what nothing can keep at a finite cost.
    """
    one = torch.eye(a.shape[-1], dtype=a.dtype, device=a.device)
    g, h = b @ torch.linalg.solve(r, b.mT), q
    for _ in range(DOUBLINGS):
        ahead = torch.linalg.solve(one + g @ h, torch.cat((a, g), -1))
        moved, reached = ahead.split(a.shape[-1], -1)
        more = a.mT @ h @ moved
        a, g, h = a @ moved, g + a @ reached @ a.mT, h + (more + more.mT) / 2
        if not torch.isfinite(h).all() or more.abs().max() <= torch.finfo(h.dtype).eps * h.abs().max():
            break
    kept = bool(torch.isfinite(h).all()) and bool(a.abs().max() < 1.0)
    require(kept, "a system whose cost grows without end", "one that actions can keep, at a cost that sees it stray")
    return h


def riccati_residual(a: Tensor, b: Tensor, q: Tensor, r: Tensor, p: Tensor) -> float:
    """The largest difference of the two sides of the Riccati equation, as a share of the largest number in P."""
    gain = feedback_gain(a, b, r, p)
    return float((q + a.mT @ p @ (a + b @ gain) - p).abs().max() / p.abs().max())


def feedback_gain(a: Tensor, b: Tensor, r: Tensor, p: Tensor) -> Tensor:
    """(..., A, V) K of the best action K x where the cost to come is 1/2 x'P x."""
    gain: Tensor = -torch.linalg.solve(r + b.mT @ p @ b, b.mT @ p @ a)
    return gain


def _times(matrix: Tensor, vector: Tensor) -> Tensor:
    product: Tensor = (matrix @ vector[..., None])[..., 0]
    return product
