"""What the arm's environment asks of a world with physics, and the two that there are.

They were not made for each other: each has contacts, motors and a camera of its own. Both load the same files.
"""

import importlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from palestra.envs.arm.camera import Camera
from palestra.envs.arm.objects import Thing
from palestra.envs.arm.paint import PLAIN, PLAIN_LIGHT, Light, Paint
from palestra.envs.arm.robot import Robot
from palestra.envs.arm.task import Plinth, Workspace
from palestra.errors import unknown_name

SIMULATORS = {"pybullet": "palestra.envs.arm.sim:Sim", "mujoco": "palestra.envs.arm.mujoco_sim:MujocoSim"}
"""Where each is."""


class Simulator(Protocol):
    """One world: plane, table, arm and one object. ``begin`` starts an episode; nothing else works before it.

    Angles in radians, places in metres. An episode is bit for bit a function of what the world was told since.
    """

    def begin(self, joints: Sequence[float], thing: Thing, at: Sequence[float], paint: Paint = PLAIN) -> None:
        """Start an episode: the joints at these angles, and a thing at rest on the table at (x, y)."""

    def move(self, joints: Sequence[float]) -> None:
        """Drive the joints towards these angles by their motors, for the time of one movement."""

    def teleport(self, joints: Sequence[float], steps: int = 1) -> None:
        """Put the joints at these angles at once, at rest, and the motors' targets with them; then so many substeps."""

    def joint_angles(self) -> list[float]:
        """The angles of the joints as they are."""

    def end_effector(self) -> tuple[list[float], list[float]]:
        """Position and quaternion (x, y, z, w) of the last link's frame."""

    def thing_pose(self) -> tuple[list[float], list[float]]:
        """Position of the thing's centre of mass, as its file has it, and its quaternion (x, y, z, w)."""

    def put_thing(self, at: Sequence[float]) -> None:
        """Move the thing's centre of mass to (x, y, z), at rest and turned as it is."""

    def gray(self, camera: Camera, light: Light = PLAIN_LIGHT) -> NDArray[np.uint8]:
        """(size, size) what a camera sees, as luminance."""

    def outside(
        self, workspace: Workspace, goal: Sequence[float] | None = None, height: int = 720, width: int = 960
    ) -> NDArray[np.uint8]:
        """(height, width, 3) RGB of the whole scene, the workspace's edges and a goal (x, y) drawn, for films."""

    def close(self) -> None:
        """Let go of what it holds; more than once does nothing."""


class Gripping(Simulator, Protocol):
    """A world whose arm has jaws (:mod:`palestra.envs.arm.jaws`)."""

    def begin(
        self,
        joints: Sequence[float],
        thing: Thing,
        at: Sequence[float],
        paint: Paint = PLAIN,
        plinth_at: Sequence[float] | None = None,
    ) -> None:
        """As every world; jaws are wide open, and the plinth, if there is one, stands at (x, y)."""

    def move(self, joints: Sequence[float], opening: float | None = None) -> None:
        """As every world, and the jaws to such an opening, where one is given."""

    def thing_half(self) -> list[float]:
        """Half extents of the thing."""

    def open_jaws(self, opening: float) -> None:
        """Put the jaws at such an opening at once."""

    def opening(self) -> float:
        """How wide the jaws are open."""


def make_gripping(robot: Robot, plinth: Plinth | None) -> Gripping:
    """PyBullet's world, with jaws at the arm's flange. UsageError where its extra is missing."""
    from palestra.envs.arm.sim import Sim

    return Sim(robot, None, True, plinth)


def make_simulator(name: str, robot: Robot, urdf: str | None = None) -> Simulator:
    """The world of that name with this robot. UsageError for an unknown one, and where its extra is missing."""
    if name not in SIMULATORS:
        raise unknown_name("simulator of the arm", name, SIMULATORS)
    module, _, kind = SIMULATORS[name].partition(":")
    made: Simulator = getattr(importlib.import_module(module), kind)(robot, urdf)
    return made
