"""Reach: where an arm's end gets to, how freely it moves there, and what finds the joints that bring it there.

Targets stand in the slice through the middle of the arm, x along and z up. Ways to find joints are told apart by what
they meet, and by whether they keep the limits: inverse kinematics that forgets them finds more than there is.
"""

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from palestra.envs.arm.kinematics import DOWN
from palestra.envs.arm.robot import load_robot
from palestra.kinematics.inverse import Found, inverse_kinematics
from palestra.kinematics.motion import forward, jacobian, manipulability
from palestra.kinematics.programme import follow
from palestra.kinematics.tasks import FrameTask, StillTask
from palestra.kinematics.tree import Tree, make_tree
from palestra.pictures.panels import Field, Lines, Panels
from palestra.trials.lessons.lesson import Lesson

ALONG, UP = np.linspace(-1.0, 1.0, 25), np.linspace(-0.6, 1.4, 25)
"""Metres from the base."""
RESTARTS, STEPS = 8, 40
TOLERANCE = 1e-3
"""Metres within which a target counts as met."""
ALONE = 10
"""Targets that are timed one at a time."""
ANY, FORGOTTEN, CLAMPED = "with 8 restarts", "limits forgotten", "limits forgotten, then clamped"


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
    tree, end = robot.as_tree(), f"link {robot.num_joints}"
    target_B3 = _slice()
    any_way, down, ways = survey(tree, end, target_B3, torch.tensor(DOWN), seed)
    some_B = torch.stack([way.met() & _kept(tree, way.q_BQ) for way in ways.values()]).any(0)
    rows = [(name, *_figures(tree, way, some_B)) for name, way in ways.items()]
    together, alone = _seconds(tree, end, target_B3, seed)
    said = (
        f"the limits decide where an arm gets to; {1e3 * together:.2g} ms a target, all of them at once, and"
        f" {1e3 * alone:.2g} ms one at a time"
    )
    columns = ("way", "met, % of the slice", "of what any way meets within its limits, %", "worst of the met, mm",
               "beyond a limit, %")  # fmt: skip
    panels = _panels(tree, end, any_way, down)
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
    clamped_BQ = tree.within(forgetful.q_BQ)
    pose_B44 = torch.eye(4, dtype=torch.float64).repeat(len(target_B3), 1, 1)
    pose_B44[:, :3, 3] = target_B3
    tasks = (FrameTask(end, pose_B44, orientation=0.0, damping=0.1), StillTask(0.02))
    led_BQ = follow(tree, tree.rest_Q.expand(len(target_B3), -1), tasks, steps=STEPS)
    ways = {
        "damped least squares, one start": Way(once.q_BQ, once.away_B),
        ANY: Way(any_way.q_BQ, any_way.away_B),
        "the same, gripper down": Way(down.q_BQ, torch.where(down.met_B, down.away_B, torch.inf)),
        FORGOTTEN: Way(forgetful.q_BQ, forgetful.away_B),
        CLAMPED: Way(clamped_BQ, _away(tree, end, clamped_BQ, target_B3)),
        f"tasks and limits, {STEPS} steps": Way(led_BQ, _away(tree, end, led_BQ, target_B3)),
    }
    return any_way, down, ways


def _slice() -> Tensor:
    """(B, 3): row after row from below, each from behind to the front."""
    up, along = np.meshgrid(UP, ALONG, indexing="ij")
    return torch.from_numpy(np.stack((along.ravel(), np.zeros(along.size), up.ravel()), 1))


def _away(tree: Tree, end: str, q_BQ: Tensor, target_B3: Tensor) -> Tensor:
    return (forward(tree, q_BQ)[:, tree.place(end), :3, 3] - target_B3).norm(dim=1)


def _kept(tree: Tree, q_BQ: Tensor) -> Tensor:
    """(B,) bool: whether the limits are kept, to a billionth."""
    return ((q_BQ >= tree.lower_Q - 1e-9) & (q_BQ <= tree.upper_Q + 1e-9)).all(1)


def _figures(tree: Tree, way: Way, some_B: Tensor) -> tuple[float, ...]:
    met_B, kept_B = way.met(), _kept(tree, way.q_BQ)
    worst = 1e3 * float(way.away_B[met_B].max()) if bool(met_B.any()) else float("nan")
    share = float((met_B & kept_B & some_B).sum() / some_B.sum())
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


def _panels(tree: Tree, end: str, any_way: Found, down: Found) -> list[Field | Lines]:
    moves_B3Q = jacobian(tree, forward(tree, any_way.q_BQ), end)[:, :3]
    reach_B = any_way.met_B.double() + down.met_B.double()
    short_B = torch.where(any_way.met_B, torch.nan, any_way.away_B)
    fields = (
        ("reach: 1 in some orientation, 2 with the gripper down", torch.where(reach_B > 0, reach_B, torch.nan)),
        ("manipulability there", torch.where(any_way.met_B, manipulability(moves_B3Q), torch.nan)),
        ("not met: metres that are missing", short_B),
    )
    tries = np.arange(1, RESTARTS + 2)
    shares = {}
    for name, found in (("any orientation", any_way), ("gripper down", down)):
        after = np.array([float((found.met_B & (found.tries_B <= each)).sum()) for each in tries])
        shares[name] = (tries, 100 * after / max(after[-1], 1.0))
    shape = (len(UP), len(ALONG))
    made: list[Field | Lines] = [
        Field(title, ALONG, UP, each.reshape(shape).numpy(), "x, m", "z, m") for title, each in fields
    ]
    return [*made, Lines("of what is met in the end, % after so many tries", "tries", shares)]
