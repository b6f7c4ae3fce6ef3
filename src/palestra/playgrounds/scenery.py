"""A drawing of the arm: what stands in the world as strokes and surfaces of a picture, seen from a fixed place.

A shape is a list ``[kind, depth, width, x, y, x, y, ...]``: with a width a stroke with round ends (0 for a line), a
surface where that is None. What is far is drawn first. The camera stands before the arm and looks back at its foot, as
the course notes' does: +y is to the right, and +x comes nearer.
"""

from itertools import chain, pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from palestra.envs.arm import jaws
from palestra.envs.arm.camera import Camera
from palestra.envs.arm.kinematics import forward
from palestra.envs.arm.robot import Robot
from palestra.envs.arm.task import TABLE_TOP, Task

WIDTH, HEIGHT = 640, 440
"""Of the picture."""
CAMERA = Camera(target=(0.38, 0.0, 0.24), distance=1.95, yaw=72.0, pitch=-24.0, fov=40.0)
"""From where it is seen; its opening is that of the picture's height."""
TABLE = ((-0.25, -0.5), (-0.25, 0.5), (0.95, 0.5), (0.95, -0.5))
"""Corners that are seen of the table."""
CORNERS = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
"""Of a square, one after another."""

FACES_643 = torch.tensor(
    [
        [[side if axis == across else (u, v)[(axis - across) % 3 - 1] for axis in range(3)] for u, v in CORNERS]
        for across in range(3)
        for side in (-1.0, 1.0)
    ]
)
"""Corners of the faces of a cube, two across each axis."""
Shape = list[Any]


class Part(NamedTuple):
    """Something in the world."""

    kind: str
    """How it is drawn."""
    points_N3: Tensor
    """Ends of a stroke (2, 3), or corners of a surface."""
    radius: float | None = None
    """Of a stroke (m), 0 for a line; None for a surface."""


class Scenery:
    """Draws one robot at one task.

    Args:
        robot: whose arm is seen.
        task: what stands around it.
        radius: metres within which the task is done.
    """

    def __init__(self, robot: Robot, task: Task, radius: float):
        self._robot, self._task, self._radius = robot, task, radius
        self._eye_3, self._axes_33 = (each.float() for each in CAMERA.pose())
        self._scale = HEIGHT / 2 / float(torch.tensor(CAMERA.fov / 2).deg2rad().tan())
        colours = [tuple(colour) for colour in robot.capsule_colour.tolist()]
        known = list(dict.fromkeys(colours))
        self._kinds = [f"body-{known.index(colour)}" for colour in colours]

    def ground(self) -> list[Shape]:
        """What stays: the table, and the edges of the workspace."""
        edges = self._task.workspace.edges()
        foot = [(x, y, TABLE_TOP) for (x, y, _), _ in edges[:4]]
        lines = [*edges, *pairwise([*foot, foot[0]])]
        table = Part("table", torch.tensor([(*corner, TABLE_TOP) for corner in TABLE]))
        return self._drawn([table, *(Part("edge", torch.tensor(line), 0.0) for line in lines)])

    def shapes(self, joints_1J: Tensor, place_1K: Tensor, box: tuple[Tensor, Tensor]) -> list[Shape]:
        """What moves.

        Args:
            joints_1J: angles (1, J).
            place_1K: the task's places (1, K).
            box: least and greatest x, y and z (3,) of the object.
        """
        frame_F44 = forward(self._robot, joints_1J)[0]
        of_K44 = frame_F44[self._robot.capsule_link]
        ends_K23 = self._robot.capsule_ends @ of_K44[:, :3, :3].mT + of_K44[:, None, :3, 3]
        radius_K, kinds, at_3 = self._robot.capsule_radius, self._kinds, frame_F44[-1, :3, 3]
        goal_3 = self._task.goals(at_3[None], place_1K)[1][0, :3]
        if self._task.grips:
            jaws_K23, jaws_K = jaws.capsules(frame_F44[-1:], place_1K[:, -4])
            ends_K23, radius_K = torch.cat((ends_K23, jaws_K23[0])), torch.cat((radius_K, jaws_K))
            kinds, at_3 = [*kinds, *["jaws"] * len(jaws_K)], jaws.grip_point(at_3)
        shadow_K23 = ends_K23.clone()
        shadow_K23[..., 2] = TABLE_TOP
        foot_3 = torch.cat((at_3[:2], at_3.new_tensor([TABLE_TOP])))
        radii = radius_K.tolist()
        parts = [Part("shadow", ends, radius) for ends, radius in zip(shadow_K23, radii, strict=True)]
        parts += [Part(*each) for each in zip(kinds, ends_K23, radii, strict=True)]
        parts += _box("thing", (box[0] + box[1]) / 2, (box[1] - box[0]) / 2)
        plinth = self._task.plinth
        if plinth is not None:
            middle = torch.cat((place_1K[0, 3:5], at_3.new_tensor([TABLE_TOP + plinth.height / 2])))
            parts += _box("plinth", middle, at_3.new_tensor([plinth.half, plinth.half, plinth.height / 2]))
        parts.append(Part("goal", goal_3.expand(2, 3), self._radius))
        parts += [Part("plumb", torch.stack((at_3, foot_3)), 0.0), Part("tip", at_3.expand(2, 3), 0.0)]
        return self._drawn(parts)

    def _drawn(self, parts: list[Part]) -> list[Shape]:
        """Parts as they are seen, all at once."""
        own_N3 = (torch.cat([part.points_N3 for part in parts]) - self._eye_3) @ self._axes_33
        depth_N = -own_N3[:, 2]
        at_N2 = own_N3[:, :2] * self._scale / depth_N[:, None]
        points = (at_N2 * at_N2.new_tensor([1, -1]) + at_N2.new_tensor([WIDTH / 2, HEIGHT / 2])).tolist()
        depths: list[float] = depth_N.tolist()
        shapes: list[Shape] = []
        begin = 0
        for part in parts:
            end = begin + len(part.points_N3)
            depth = sum(depths[begin:end]) / (end - begin)
            width = None if part.radius is None else 2 * part.radius * self._scale / depth
            depth = 0.0 if part.kind == "tip" else depth  # never hidden
            shapes.append([part.kind, depth, width, *chain.from_iterable(points[begin:end])])
            begin = end
        return shapes


def _box(kind: str, middle_3: Tensor, half_3: Tensor) -> list[Part]:
    """The six faces of an upright box; those that look away lie behind the others."""
    return [Part(f"{kind}-{i // 2}", corners) for i, corners in enumerate(middle_3 + FACES_643 * half_3)]
