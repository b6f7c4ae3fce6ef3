"""Inverse kinematics: joints that bring an end somewhere, of thousands of targets at once, within the limits.

Damped least squares (Wampler 1986; Nakamura & Hanafusa 1986):

    dq = v + J' (J J' + mu 1)^-1 (e - J v)

with e the error of place (m) and, weighted, of orientation (rad), v a pull towards a preferred posture that only the
null space of J follows, and mu in proportion to |e|^2 (Chan & Lawrence 1988; Sugihara 2011): heavily damped far from
the target, quadratic convergence near it. A joint at its limit stays there and the others do the work. A target that is
not met is begun anew from configurations drawn at random.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from palestra.errors import require
from palestra.kinematics.motion import forward, jacobian
from palestra.kinematics.rotations import rotation_vector
from palestra.kinematics.tree import Tree

METRES_PER_RADIAN = 0.3
"""How much an error of orientation weighs beside one of place: about the lever of a wrist."""
WEIGHTS = (1.0, 1.0, 1.0, *(METRES_PER_RADIAN,) * 3)
DAMPING, LEAST_DAMPING = 0.05, 1e-7
"""mu per squared error, and the least."""
PULLS = 10
"""Iterations that try to go all the way to the preferred posture."""
PATIENCE, GAIN = 8, 0.99
"""Iterations after which a try is given up that do not take the error below so much of the least before."""


class Found(NamedTuple):
    """What came of some targets, row by row."""

    q_BQ: Tensor
    """Configurations within the limits: of those tried the one that comes nearest."""
    met_B: Tensor
    """Bool: whether it is as near as was asked for."""
    away_B: Tensor
    """Metres by which the end misses its place."""
    turned_B: Tensor
    """Radians by which it misses its orientation; 0 where none is wanted."""
    tries_B: Tensor
    """Int: how many it took, or were made in vain."""


class _Wanted(NamedTuple):
    """Targets, or some of them."""

    position_B3: Tensor
    rotation_B33: Tensor | None

    def of(self, rows: Tensor) -> "_Wanted":
        return _Wanted(self.position_B3[rows], None if self.rotation_B33 is None else self.rotation_B33[rows])


@torch.no_grad()
def inverse_kinematics(
    tree: Tree,
    end: str,
    position: Any,
    rotation: Any = None,
    *,
    start: Any = None,
    posture: Any = None,
    tolerance: float = 1e-4,
    angle_tolerance: float = 1e-3,
    iterations: int = 40,
    restarts: int = 8,
    seed: int = 0,
) -> Found:
    """Configurations within the limits that bring a frame to places and, if wanted, to orientations.

    ``inverse_kinematics(read_robot("arm.urdf"), "hand", [[0.5, 0.0, 0.3], [0.4, 0.2, 0.3]])``

    Args:
        tree: the robot.
        end: name of the frame that is to get there.
        position: (B, 3) places, m, seen from the base; an array, a tensor or a list.
        rotation: (B, 3, 3) or (3, 3) orientations as matrices; without any, every one will do.
        start: (B, Q) or (Q,) where to begin; ``tree.rest_Q`` if none.
        posture: (B, Q) or (Q,) what to be like as far as the target leaves a choice; it costs a few iterations more.
        tolerance: metres within which a place is met.
        angle_tolerance: radians within which an orientation is.
        iterations: of each try, at most.
        restarts: tries from anywhere, after the first, of targets that are not met.
        seed: of these.

    What is done for a row does not depend on its neighbours. UsageError for arrays of other shapes, and an unknown end.
    """
    wanted = _wanted(tree, position, rotation)
    count = len(wanted.position_B3)
    begin_BQ = tree.within(_rows(tree, start, "start", count))
    posture_BQ = None if posture is None else tree.within(_rows(tree, posture, "posture", count))
    require(iterations > 0 and restarts >= 0, f"{iterations=}, {restarts=}", "iterations > 0, restarts >= 0")
    light = tree.towards(end)
    tolerances = (tolerance, angle_tolerance)
    q_BQ, rng = begin_BQ.clone(), torch.Generator().manual_seed(seed)
    score_B, tries_B = torch.full_like(q_BQ[:, 0], torch.inf), torch.zeros(count, dtype=torch.int64, device=q_BQ.device)
    open_M = torch.arange(count, device=q_BQ.device)
    for attempt in range(restarts + 1):
        if attempt:
            begin_BQ = tree.drawn(count, rng)
        pull_MQ = None if posture_BQ is None else posture_BQ[open_M]
        q_MQ = _descend(light, end, begin_BQ[open_M], wanted.of(open_M), pull_MQ, tolerances, iterations)
        error_MK = _error(forward(light, q_MQ)[:, light.place(end)], wanted.of(open_M))
        away_M, turned_M, score_M = _misses(error_MK)
        met_M = (away_M <= tolerance) & (turned_M <= angle_tolerance)
        better_M = met_M | (score_M < score_B[open_M])
        q_BQ[open_M[better_M]], score_B[open_M[better_M]] = q_MQ[better_M], score_M[better_M]
        tries_B[open_M] = attempt + 1
        open_M = open_M[~met_M]
        if len(open_M) == 0:
            break
    away_B, turned_B, _ = _misses(_error(forward(light, q_BQ)[:, light.place(end)], wanted))
    return Found(q_BQ, (away_B <= tolerance) & (turned_B <= angle_tolerance), away_B, turned_B, tries_B)


def _descend(
    tree: Tree,
    end: str,
    q_BQ: Tensor,
    wanted: _Wanted,
    posture_BQ: Tensor | None,
    tolerances: tuple[float, float],
    iterations: int,
) -> Tensor:
    """One try: as near as it comes. Who has arrived, or comes no nearer, leaves, so that the others go faster."""
    pulls = 0 if posture_BQ is None else min(PULLS, iterations - 1)
    nearest_BQ, place = q_BQ.clone(), tree.place(end)
    least_B = torch.full_like(q_BQ[:, 0], torch.inf)
    gained_B = torch.zeros(len(q_BQ), dtype=torch.int64, device=q_BQ.device)
    rows_M, q_MQ = torch.arange(len(q_BQ), device=q_BQ.device), q_BQ
    for i in range(iterations):
        frame = forward(tree, q_MQ)
        error_MK = _error(frame[:, place], wanted)
        if i >= pulls:
            away_M, turned_M, score_M = _misses(error_MK)
            met_M = (away_M <= tolerances[0]) & (turned_M <= tolerances[1])
            better_M = met_M | (score_M < least_B[rows_M])
            gained_B[rows_M[score_M < GAIN * least_B[rows_M]]] = i
            nearest_BQ[rows_M[better_M]], least_B[rows_M[better_M]] = q_MQ[better_M], score_M[better_M]
            still_M = (~met_M & (i - gained_B[rows_M] < PATIENCE)).nonzero().squeeze(1)
            if len(still_M) == 0:
                break
            if len(still_M) < len(rows_M):
                rows_M, q_MQ, frame, error_MK = (each[still_M] for each in (rows_M, q_MQ, frame, error_MK))
                wanted = wanted.of(still_M)
        pull_MQ = None if posture_BQ is None or i >= pulls else posture_BQ[rows_M] - q_MQ
        q_MQ = _step(tree, q_MQ, jacobian(tree, frame, end), error_MK, pull_MQ)
    return nearest_BQ


def _step(tree: Tree, q_BQ: Tensor, jacobian_B6Q: Tensor, error_BK: Tensor, pull_BQ: Tensor | None) -> Tensor:
    """One step of damped least squares, orientation weighted, then the limits."""
    weight_K = error_BK.new_tensor(WEIGHTS)[: error_BK.shape[1]]
    error_BK, jacobian_BKQ = weight_K * error_BK, weight_K[:, None] * jacobian_B6Q[:, : len(weight_K)]
    downhill_BQ = (jacobian_BKQ.mT @ error_BK[:, :, None]).squeeze(2)
    held_BQ = ((q_BQ <= tree.lower_Q) & (downhill_BQ < 0)) | ((q_BQ >= tree.upper_Q) & (downhill_BQ > 0))
    jacobian_BKQ = jacobian_BKQ.masked_fill(held_BQ[:, None], 0.0)
    square_BKK = jacobian_BKQ @ jacobian_BKQ.mT
    damping_B1 = DAMPING * error_BK.square().sum(1, keepdim=True) + LEAST_DAMPING
    square_BKK.diagonal(dim1=1, dim2=2).add_(damping_B1)
    if pull_BQ is not None:
        pull_BQ = pull_BQ.masked_fill(held_BQ, 0.0)
        error_BK = error_BK - (jacobian_BKQ @ pull_BQ[:, :, None]).squeeze(2)
        q_BQ = q_BQ + pull_BQ
    solution_BK1 = torch.linalg.solve_ex(square_BKK, error_BK[:, :, None])[0]
    return tree.within(q_BQ + (jacobian_BKQ.mT @ solution_BK1).squeeze(2))


def _error(frame_B44: Tensor, wanted: _Wanted) -> Tensor:
    """(B, K): m, and where an orientation is wanted rad, from frames to where they are to be."""
    away_B3 = wanted.position_B3 - frame_B44[:, :3, 3]
    if wanted.rotation_B33 is None:
        return away_B3
    return torch.cat((away_B3, rotation_vector(wanted.rotation_B33 @ frame_B44[:, :3, :3].mT)), 1)


def _misses(error_BK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Metres, radians, and both in one number, by which frames miss what is wanted."""
    away_B, turned_B = (torch.linalg.vector_norm(part, dim=1) for part in (error_BK[:, :3], error_BK[:, 3:]))
    return away_B, turned_B, away_B + METRES_PER_RADIAN * turned_B


def _wanted(tree: Tree, position: Any, rotation: Any) -> _Wanted:
    position_B3 = _tensor(tree, position)
    good = position_B3.dim() == 2 and position_B3.shape[1] == 3 and bool(position_B3.isfinite().all())
    require(good, f"position of shape {tuple(position_B3.shape)}", "(B, 3), finite")
    if rotation is None:
        return _Wanted(position_B3, None)
    rotation_B33 = _tensor(tree, rotation)
    shapes = ((3, 3), (len(position_B3), 3, 3))
    given = f"rotation of shape {tuple(rotation_B33.shape)}"
    require(tuple(rotation_B33.shape) in shapes, given, f"(3, 3) or {shapes[1]}")
    rotation_B33 = rotation_B33.expand(shapes[1])
    off = (rotation_B33 @ rotation_B33.mT - torch.eye(3).to(rotation_B33)).abs().amax() if len(rotation_B33) else 0.0
    good = bool(off <= 1e-4) and bool((torch.linalg.det(rotation_B33) > 0).all())
    require(good, "a rotation that stretches or mirrors", "orthonormal matrices of determinant 1")
    return _Wanted(position_B3, rotation_B33)


def _rows(tree: Tree, given: Any, name: str, count: int) -> Tensor:
    """(B, Q) of what is given for all rows or for each."""
    joints = len(tree.joints)
    rows = tree.rest_Q if given is None else _tensor(tree, given)
    shapes = ((joints,), (count, joints))
    good = tuple(rows.shape) in shapes and bool(rows.isfinite().all())
    require(good, f"{name} of shape {tuple(rows.shape)}", f"{shapes[0]} or {shapes[1]}, finite")
    return rows.expand(count, joints)


def _tensor(tree: Tree, given: Any) -> Tensor:
    return torch.as_tensor(given, dtype=tree.rest_Q.dtype, device=tree.rest_Q.device)
