"""Reach: where an arm's end gets to, how freely it moves there, and what finds the joints that bring it there.

Targets stand in a slice through the base, x along and z up. Ways to find joints are told apart by what they meet, and
by whether they keep the limits: inverse kinematics that forgets them finds more than there is.

    reach_of(read_robot("arm.urdf"), "hand")          # the same of any arm
"""

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.arm.robot import load_robot
from palestra.kinematics.inverse import Found, inverse_kinematics
from palestra.kinematics.motion import forward, jacobian, manipulability
from palestra.kinematics.programme import follow
from palestra.kinematics.rotations import about
from palestra.kinematics.tasks import FrameTask, StillTask
from palestra.kinematics.tree import Tree, make_tree
from palestra.pictures.panels import Field, Panels
from palestra.trials.lessons.lesson import Lesson

SIDE, ROOM = 15, 1.1
"""Targets along each axis, and how far they go beyond what drawn configurations reach."""
DRAWN = 2_000
"""Of these."""
RESTARTS, STEPS = 3, 25
TOLERANCE = 1e-3
"""Metres within which a target counts as met."""
ALONE = 10
"""Targets that are timed one at a time."""
ANY, FORGOTTEN, CLAMPED = f"with {RESTARTS} restarts", "limits forgotten", "limits forgotten, then clamped"


class Way(NamedTuple):
    """What a way to find joints came to."""

    q_BQ: Tensor
    away_B: Tensor
    """Metres."""

    def met(self) -> Tensor:
        """(B,) bool."""
        return self.away_B <= TOLERANCE


def lesson(seed: int) -> Lesson:
    """The KUKA iiwa of the reaching task; the seed is of the restarts."""
    robot = load_robot("kuka_iiwa")
    return reach_of(robot.as_tree(), f"link {robot.num_joints}", seed=seed)


def reach_of(tree: Tree, end: str, rotation_33: Tensor | None = None, *, seed: int = 0) -> Lesson:
    """The lesson of any arm; the orientation beside any other is one that points down."""
    down_33 = about((1.0, 0.0, 0.0), np.pi) if rotation_33 is None else rotation_33
    along, up, target_B3 = _slice(tree, end)
    any_way, down, ways = survey(tree, end, target_B3, down_33, seed)
    some_B = torch.stack([way.met() & _kept(tree, way.q_BQ) for way in ways.values()]).any(0)
    rows: list[tuple[str | float, ...]] = [(name, *_figures(tree, way, some_B)) for name, way in ways.items()]
    together, alone = _seconds(tree, end, target_B3, seed)
    said = (
        f"the limits decide where an arm gets to; {1e3 * together:.2g} ms a target, all of them at once, and"
        f" {1e3 * alone:.2g} ms one at a time"
    )
    columns = ("way", "met, % of the slice", "of what any way meets within its limits, %", "worst of the met, mm",
               "beyond a limit, %")  # fmt: skip
    panels = _panels(tree, end, any_way, down, ways[FORGOTTEN], along, up)
    return Lesson(columns, rows, said, Panels("reach", said, panels, columns=2))


def survey(
    tree: Tree, end: str, target_B3: Tensor, rotation_33: Tensor, seed: int = 0
) -> tuple[Found, Found, dict[str, Way]]:
    """What brings an end to some places: in any orientation with restarts, in a given one, and by each of some ways."""
    open_joints = [replace(joint, lower=-torch.inf, upper=torch.inf) for joint in tree.joints]
    free = make_tree(tree.name, open_joints, tree.frames)
    any_way = inverse_kinematics(tree, end, target_B3, restarts=RESTARTS, seed=seed)
    down = inverse_kinematics(tree, end, target_B3, rotation_33, restarts=RESTARTS, seed=seed)
    once = inverse_kinematics(tree, end, target_B3, restarts=0)
    forgetful = inverse_kinematics(free, end, target_B3, restarts=RESTARTS, seed=seed)
    forgetful_BQ = _unwound(tree, forgetful.q_BQ)
    clamped_BQ = tree.within(forgetful_BQ)
    pose_B44 = torch.eye(4, dtype=torch.float64).repeat(len(target_B3), 1, 1)
    pose_B44[:, :3, 3] = target_B3
    tasks = (FrameTask(end, pose_B44, orientation=0.0, damping=0.1), StillTask(0.02))
    led_BQ = follow(tree, tree.rest_Q.expand(len(target_B3), -1), tasks, steps=STEPS)
    ways = {
        "damped least squares, one start": Way(once.q_BQ, once.away_B),
        ANY: Way(any_way.q_BQ, any_way.away_B),
        "the same, pointing down": Way(down.q_BQ, torch.where(down.met_B, down.away_B, torch.inf)),
        FORGOTTEN: Way(forgetful_BQ, forgetful.away_B),
        CLAMPED: Way(clamped_BQ, _away(tree, end, clamped_BQ, target_B3)),
        f"tasks and limits, {STEPS} steps": Way(led_BQ, _away(tree, end, led_BQ, target_B3)),
    }
    return any_way, down, ways


def _slice(tree: Tree, end: str) -> tuple[NDArray[np.float64], NDArray[np.float64], Tensor]:
    """Places along and up, and (B, 3) targets row after row from below."""
    q_BQ = tree.drawn(DRAWN, torch.Generator().manual_seed(0))
    place_B3 = forward(tree, q_BQ)[:, tree.place(end), :3, 3]
    most_3, least_3 = place_B3.amax(0), place_B3.amin(0)
    middle_3, half_3 = (most_3 + least_3) / 2, ((most_3 - least_3) / 2).clamp_min(0.05)
    low, high = (middle_3 - ROOM * half_3).tolist(), (middle_3 + ROOM * half_3).tolist()
    along, up = np.linspace(low[0], high[0], SIDE), np.linspace(low[2], high[2], SIDE)
    z, x = np.meshgrid(up, along, indexing="ij")
    return along, up, torch.from_numpy(np.stack((x.ravel(), np.zeros(x.size), z.ravel()), 1))


def _away(tree: Tree, end: str, q_BQ: Tensor, target_B3: Tensor) -> Tensor:
    away_B: Tensor = (forward(tree, q_BQ)[:, tree.place(end), :3, 3] - target_B3).norm(dim=1)
    return away_B


def _kept(tree: Tree, q_BQ: Tensor) -> Tensor:
    """(B,) bool: whether the limits are kept, to a billionth."""
    return ((q_BQ >= tree.lower_Q - 1e-9) & (q_BQ <= tree.upper_Q + 1e-9)).all(1)


def _unwound(tree: Tree, q_BQ: Tensor) -> Tensor:
    """The same, whole turns taken off joints that turn and have limits, so as to be nearest to the middle of these."""
    turns_Q = torch.tensor([not joint.slides for joint in tree.joints]) & (tree.upper_Q - tree.lower_Q).isfinite()
    whole_BQ = ((q_BQ - (tree.upper_Q + tree.lower_Q) / 2) / (2 * np.pi)).round() * (2 * np.pi)
    return torch.where(turns_Q, q_BQ - whole_BQ, q_BQ)


def _figures(tree: Tree, way: Way, some_B: Tensor) -> tuple[float, ...]:
    met_B, kept_B = way.met(), _kept(tree, way.q_BQ)
    worst = 1e3 * float(torch.where(met_B, way.away_B, 0.0).max())
    share = float((met_B & kept_B & some_B).sum() / some_B.sum().clamp_min(1))
    return 100 * float(met_B.double().mean()), 100 * share, worst, 100 * float((~kept_B).double().mean())


def _seconds(tree: Tree, end: str, target_B3: Tensor, seed: int) -> tuple[float, float]:
    """Of a target: all of them at once, and some of them one at a time."""
    began = time.perf_counter()
    inverse_kinematics(tree, end, target_B3, restarts=0)
    together = (time.perf_counter() - began) / len(target_B3)
    picked = torch.randperm(len(target_B3), generator=torch.Generator().manual_seed(seed))[:ALONE]
    began = time.perf_counter()
    for i in picked.tolist():
        inverse_kinematics(tree, end, target_B3[i : i + 1], restarts=0)
    return together, (time.perf_counter() - began) / ALONE


def _panels(
    tree: Tree,
    end: str,
    any_way: Found,
    down: Found,
    forgetful: Way,
    along: NDArray[np.float64],
    up: NDArray[np.float64],
) -> list[Field]:
    moves_B3Q = jacobian(tree, forward(tree, any_way.q_BQ), end)[:, :3]
    reach_B = any_way.met_B.double() + down.met_B.double()
    beyond_B = (forgetful.q_BQ - tree.within(forgetful.q_BQ)).abs().amax(1)
    fields = (
        ("reach: 1 in some orientation, 2 also pointing down", torch.where(reach_B > 0, reach_B, torch.nan)),
        ("manipulability there", torch.where(any_way.met_B, manipulability(moves_B3Q), torch.nan)),
        ("not met: metres that are missing", torch.where(any_way.met_B, torch.nan, any_way.away_B)),
        ("limits forgotten: rad beyond them", torch.where(forgetful.met(), beyond_B, torch.nan)),
    )
    return [Field(title, along, up, each.reshape(SIDE, SIDE).numpy(), "x, m", "z, m") for title, each in fields]
