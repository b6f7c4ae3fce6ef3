"""Tasks and limits as a quadratic programme, and its solution as velocities.

    min 1/2 dq'H dq + c'dq   with   G dq <= h

H and c from tasks, G and h from limits, in the shape that mink and pink have. Thousands of robots at once by our own
interior points; a single one also by any solver that qpsolvers knows (DAQP, if none is named otherwise).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from palestra.errors import UsageError, missing_extra, require
from palestra.kinematics.limits import JointLimit, Limit
from palestra.kinematics.motion import forward
from palestra.kinematics.tasks import Task
from palestra.kinematics.tree import Tree
from palestra.ops.quadratic_programme import Programme, solve_programme

DAMPING = 1e-6
"""On the diagonal of H, so that one step is best where tasks leave a choice."""
BATCHED = "batched"
STRICT: dict[str, dict[str, Any]] = {"daqp": {"primal_tol": 1e-10}}
"""Options of solvers: by itself DAQP lets a limit be broken by 1e-6 of a step, which is much of a short one's speed."""


def build_programme(
    tree: Tree,
    q_BQ: Tensor,
    tasks: Sequence[Task],
    limits: Sequence[Limit] = (JointLimit(),),
    *,
    seconds: float = 1.0,
    damping: float = DAMPING,
) -> Programme:
    """The programme of the next step of each of B configurations (B, Q)."""
    require(len(tasks) > 0, "no task", "one, at least")
    require(seconds > 0, f"{seconds=:g}", "more than 0")
    frame_BR44 = forward(tree, q_BQ)
    objectives = [task.objective(tree, q_BQ, frame_BR44) for task in tasks]
    hessian_BQQ = torch.stack([hessian for hessian, _ in objectives]).sum(0)
    hessian_BQQ.diagonal(dim1=1, dim2=2).add_(damping)
    gradient_BQ = torch.stack([gradient for _, gradient in objectives]).sum(0)
    halves = [limit.rows(tree, q_BQ, frame_BR44, seconds) for limit in limits]
    none = q_BQ.new_zeros(len(q_BQ), 0, q_BQ.shape[1])
    rows_BLQ = torch.cat([none, *(rows for rows, _ in halves)], 1)
    most_BL = torch.cat([none[:, :, 0], *(most for _, most in halves)], 1)
    return Programme(hessian_BQQ, gradient_BQ, rows_BLQ, most_BL)


def velocity(
    tree: Tree,
    q_BQ: Tensor,
    tasks: Sequence[Task],
    limits: Sequence[Limit] = (JointLimit(),),
    *,
    seconds: float = 1.0,
    damping: float = DAMPING,
    solver: str = BATCHED,
) -> tuple[Tensor, Tensor]:
    """Velocities (B, Q), rad/s or m/s, that serve the tasks best within the limits; and where there are any (B,) bool.

    Where limits contradict one another there are none, and the robot stands still.

    Args:
        tree: the robot.
        q_BQ: configurations.
        tasks: what to do.
        limits: what not to do; joints' own limits if not said otherwise.
        seconds: that a step takes.
        damping: added to the diagonal of H.
        solver: ``batched``, or one of qpsolvers', such as ``daqp``, row after row.
    """
    problem = build_programme(tree, q_BQ, tasks, limits, seconds=seconds, damping=damping)
    if solver == BATCHED:
        step_BQ, _, solved_B = solve_programme(problem)
    else:
        step_BQ, solved_B = _one_by_one(problem, solver)
    return torch.where(solved_B[:, None], step_BQ / seconds, 0.0), solved_B


def follow(
    tree: Tree,
    q_BQ: Tensor,
    tasks: Sequence[Task],
    limits: Sequence[Limit] = (JointLimit(),),
    *,
    seconds: float = 1.0,
    damping: float = DAMPING,
    solver: str = BATCHED,
    steps: int = 30,
) -> Tensor:
    """Where so many steps lead (B, Q), each at the :func:`velocity` of the place where it begins."""
    for _ in range(steps):
        velocity_BQ, _ = velocity(tree, q_BQ, tasks, limits, seconds=seconds, damping=damping, solver=solver)
        q_BQ = q_BQ + seconds * velocity_BQ
    return q_BQ


def _one_by_one(problem: Programme, solver: str) -> tuple[Tensor, Tensor]:
    """Each row by a library's solver."""
    try:
        import qpsolvers
    except ImportError as error:
        raise missing_extra("kinematics", f"solver={solver!r}") from error
    known = qpsolvers.available_solvers
    if solver not in known:
        raise UsageError(f"solver {solver!r}; expected {BATCHED}, or of qpsolvers {', '.join(known) or 'none here'}")
    place_BQ, solved = torch.zeros_like(problem.gradient_BA), []
    for i, row in enumerate(zip(*(each.double().cpu().numpy() for each in problem), strict=True)):
        hessian, gradient, *halves = row
        limits = halves if len(halves[1]) else (None, None)
        found = qpsolvers.solve_problem(
            qpsolvers.Problem(hessian, gradient, *limits), solver=solver, **STRICT.get(solver, {})
        )
        solved.append(bool(found.found))
        if found.x is not None and found.found:
            place_BQ[i] = torch.from_numpy(found.x).to(place_BQ)
    return place_BQ, torch.tensor(solved, device=place_BQ.device)
