"""Walking by preview of the zero-moment point (Kajita et al. 2003; preview control by Katayama et al. 1985).

A robot whose mass keeps its height is a cart on a table whose foot is the foot on the ground: of the cart's place x,
speed and acceleration, moved by its jerk u,

    x' = A x + B u,   p = C x = place - height / g acceleration

p is the zero-moment point: as long as it is under the foot, the table stands. Since it moves against an acceleration,
the mass has to leave before the foot does: so the feedback looks at where p has to be in the next N steps,

    u = -G_i sum of (p - wanted) - G_x x - sum_j G_p(j) wanted(j steps ahead)

    V  numbers of a state
    I  steps of a preview
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.errors import require
from palestra.ops.riccati import riccati_residual, solve_riccati
from palestra.ops.shapes import check_rank

GRAVITY = 9.81


class CartTable(NamedTuple):
    """The model, float64."""

    a_VV: Tensor
    """(3, 3)."""
    b_V: Tensor
    """(3,)."""
    c_V: Tensor
    """(3,)."""


class Preview(NamedTuple):
    """The gains of a feedback that sees what is wanted next."""

    integral: float
    """G_i, of the sum of what the zero-moment point was amiss."""
    state_V: Tensor
    """(3,) G_x."""
    ahead_I: Tensor
    """(N,) G_p, of the next steps' wanted places, the nearest first."""
    residual: float
    """Of the Riccati equation that they come from, as a share of its largest number."""


class Walk(NamedTuple):
    """What became of a walk, along each of some axes."""

    mass_TL: Tensor
    """(T, L) places of the centre of mass, m."""
    point_TL: Tensor
    """(T, L) places of the zero-moment point."""


def cart_table(seconds: float = 0.005, height: float = 0.814) -> CartTable:
    """The cart on its table, in steps of so many seconds, its mass so many metres above the ground."""
    t = seconds
    a = [[1, t, t**2 / 2], [0, 1, t], [0, 0, 1]]
    rows = (a, [t**3 / 6, t**2 / 2, t], [1, 0, -height / GRAVITY])
    return CartTable(*(torch.tensor(row, dtype=torch.float64) for row in rows))


def preview_gains(
    cart: CartTable, steps: int, error_cost: float = 1.0, jerk_cost: float = 1e-6, *, integrates: bool = True
) -> Preview:
    """The best feedback at such costs of the squares of what the point is amiss and of the jerk.

    Args:
        cart: the model.
        steps: N, seen ahead.
        error_cost: Q_e.
        jerk_cost: R.
        integrates: whether what was amiss adds up until it is made good. Without that an error stays, since what lies
            beyond the preview is never known.
    """
    require(steps >= 1, f"a preview of {steps} steps", "at least 1")
    a, b, c = cart.a_VV, cart.b_V[:, None], cart.c_V[None]
    r = torch.full((1, 1), jerk_cost, dtype=torch.float64)
    if integrates:  # the state is the sum of errors, and what the cart's state has changed by
        a = torch.cat(
            (torch.cat((torch.ones(1, 1, dtype=torch.float64), c @ a), 1), torch.nn.functional.pad(a, (1, 0)))
        )
        b, wanted = torch.cat((c @ b, b)), torch.eye(4, dtype=torch.float64)[:, :1]
        q = error_cost * wanted @ wanted.T
    else:
        q, wanted = error_cost * c.T @ c, error_cost * c.T
    p = solve_riccati(a, b, q, r)
    weight = torch.linalg.solve(r + b.T @ p @ b, b.T)  # Katayama et al. 1985
    gain = weight @ p @ a
    closed = a - b @ gain
    passed, ahead = (-closed.T @ p @ wanted, [-gain[0, 0]]) if integrates else (-wanted, list[Tensor]())
    while len(ahead) < steps:
        ahead.append((weight @ passed)[0, 0])
        passed = closed.T @ passed
    integral, state = (float(gain[0, 0]), gain[0, 1:]) if integrates else (0.0, gain[0])
    return Preview(integral, state, torch.stack(ahead), riccati_residual(a, b, q, r, p))


def walk(cart: CartTable, gains: Preview, wanted_TL: Tensor) -> Walk:
    """Follow a zero-moment point that is wanted, (T, L) along axes, from rest at its first place.

    After its last place it stays there.
    """
    check_rank(2, wanted_TL=wanted_TL)
    ahead = len(gains.ahead_I)
    known = torch.cat((wanted_TL, wanted_TL[-1:].expand(ahead, -1)))
    previewed_TL = known.unfold(0, ahead, 1)[1:] @ gains.ahead_I  # what each step sees ahead, all at once
    x_VL = torch.zeros(3, wanted_TL.shape[1], dtype=torch.float64)
    x_VL[0] = wanted_TL[0]
    amiss_L, masses, points = torch.zeros_like(x_VL[0]), list[Tensor](), list[Tensor]()
    for wanted_L, seen_L in zip(wanted_TL, previewed_TL):
        point_L = cart.c_V @ x_VL
        masses.append(x_VL[0])
        points.append(point_L)
        amiss_L = amiss_L + point_L - wanted_L
        jerk_L = -gains.integral * amiss_L - gains.state_V @ x_VL - seen_L  # Kajita et al. 2003
        x_VL = cart.a_VV @ x_VL + cart.b_V[:, None] * jerk_L
    return Walk(torch.stack(masses), torch.stack(points))


def inside(point_B2: Tensor, corner_BL2: Tensor) -> Tensor:
    """(B,) how far points are inside the convex hull of corners, m; negative outside of it.

    Inside, that is the distance to the nearest edge: the least, over all directions, of what the hull reaches beyond a
    point. It is least at a right angle to an edge, so those to all lines through two corners are enough.
    """
    check_rank(2, point_B2=point_B2)
    check_rank(3, corner_BL2=corner_BL2)
    count = corner_BL2.shape[1]
    first, second = torch.triu_indices(count, count, 1)
    along = corner_BL2[:, second] - corner_BL2[:, first]
    across = torch.stack((along[..., 1], -along[..., 0]), -1)
    length = across.norm(dim=-1, keepdim=True)
    normal = torch.cat((across, -across), 1) / torch.cat((length, length), 1).clamp(min=1e-12)
    reach = torch.einsum("bnd,bld->bnl", normal, corner_BL2).amax(2)
    depth = reach - torch.einsum("bnd,bd->bn", normal, point_B2)
    empty = torch.cat((length, length), 1)[..., 0] < 1e-12
    return depth.masked_fill(empty, torch.inf).amin(1)
