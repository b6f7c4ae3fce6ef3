"""MuJoCo's side of the arm: the world of :mod:`~palestra.envs.arm.sim` over again, its dynamics MuJoCo's own.

The joints follow their targets late and give way to weight (``mujoco_models.STIFFNESS``), where PyBullet's are driven
as far as their force allows; contacts are soft. A model is compiled anew when another object is put down.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.envs.arm.camera import Camera
from palestra.envs.arm.mujoco_eye import MujocoEye
from palestra.envs.arm.mujoco_models import STEP, add_box, import_mujoco, room_with, thing_spec, with_thing
from palestra.envs.arm.objects import Thing
from palestra.envs.arm.paint import PLAIN, PLAIN_LIGHT, Light, Paint
from palestra.envs.arm.robot import Robot
from palestra.envs.arm.task import TABLE_TOP, Puck, Workspace
from palestra.errors import require, unknown_name

SUBSTEPS, MOVING = 64, 56
"""Substeps of one movement, which takes as long as PyBullet's; and those in which the targets move."""
URDFS = {"kuka_iiwa": "kuka_iiwa/model.urdf"}
SETTLING = 4.0
"""Seconds after which an object that still moves is taken as it is."""
LUMINANCE = (0.299, 0.587, 0.114)
FROM_OUTSIDE = Camera((0.4, 0.0, 0.2), 1.5, 60.0, -25.0, fov=45.0, far=10.0)
Pose = tuple[float, NDArray[np.float64]]
"""Height of a frame (m), and its quaternion (w, x, y, z)."""


class MujocoSim:
    """One MuJoCo world; a :class:`~palestra.envs.arm.simulator.Simulator`."""

    def __init__(self, robot: Robot, urdf: str | None = None) -> None:
        """``urdf`` is the robot's model, where it is not one of PyBullet's.

        Raises UsageError without MuJoCo or PyBullet's files, or for a model that is not a chain of the robot's joints.
        """
        if urdf is None and robot.name not in URDFS:
            raise unknown_name("robot with a model among PyBullet's (give urdf= for others)", robot.name, URDFS)
        require(urdf is None or Path(urdf).is_file(), f"urdf={urdf!r}", "a URDF file that exists")
        self._mujoco, self._num = import_mujoco(), robot.num_joints
        path = URDFS[robot.name] if urdf is None else str(Path(urdf).absolute())
        self._room = room_with(self._mujoco, path, self._num)
        self._resting: dict[Thing, Pose] = {}
        self._thing: Thing | None = None
        self._eye: MujocoEye | None = None

    def begin(self, joints: Sequence[float], thing: Thing, at: Sequence[float], paint: Paint = PLAIN) -> None:
        """Start an episode: the joints at these angles (rad), and a thing at rest on the table at (x, y)."""
        if thing != self._thing:
            self._build(thing)
        height, turned = self._rest(thing)
        self._mujoco.mj_resetData(self._model, self._data)
        free = self._free
        self._data.qpos[free : free + 3] = (*at, height)
        self._data.qpos[free + 3 : free + 7] = turned
        self._paint(paint)
        self.teleport(joints, steps=0)
        self.put_thing((*at, self.thing_pose()[0][2]))

    def move(self, joints: Sequence[float]) -> None:
        """Drive the joints by their motors, whose targets go to these angles along a smooth path."""
        start, goal = self._data.ctrl.copy(), np.array(joints)
        for substep in range(SUBSTEPS):
            s = min((substep + 1) / MOVING, 1.0)
            self._data.ctrl[:] = start + (3 * s**2 - 2 * s**3) * (goal - start)  # no speed at either end
            self._mujoco.mj_step(self._model, self._data)
        self._mujoco.mj_forward(self._model, self._data)

    def teleport(self, joints: Sequence[float], steps: int = 1) -> None:
        """Put the joints at these angles at once, at rest, and the motors' targets with them; then some substeps."""
        data, num = self._data, self._num
        data.qpos[:num], data.qvel[:num], data.ctrl[:] = joints, 0.0, joints
        for _ in range(steps):
            self._mujoco.mj_step(self._model, data)
        self._mujoco.mj_forward(self._model, data)

    def joint_angles(self) -> list[float]:
        """The angles of the joints as they are (rad)."""
        angles: list[float] = self._data.qpos[: self._num].tolist()
        return angles

    def end_effector(self) -> tuple[list[float], list[float]]:
        """Position (m) and quaternion (x, y, z, w) of the last link's frame."""
        return self.link_frames()[-1]

    def link_frames(self) -> list[tuple[list[float], list[float]]]:
        """Position and quaternion of the frame of the base and of every link."""
        last = self._model.jnt_bodyid[self._num - 1]
        first = self._model.body_parentid[self._model.jnt_bodyid[0]]
        bodies = range(first, last + 1)
        return [(self._data.xpos[i].tolist(), _xyzw(self._data.xquat[i])) for i in bodies]

    def thing_pose(self) -> tuple[list[float], list[float]]:
        """Position (m) of the thing's centre of mass, as its file has it, and its quaternion."""
        body = self._data.body("the/thing")
        return (body.xpos + body.xmat.reshape(3, 3) @ self._centre).tolist(), _xyzw(body.xquat)

    def put_thing(self, at: Sequence[float]) -> None:
        """Move the thing's centre of mass to (x, y, z), at rest and turned as it is."""
        free, speed = self._free, self._speed
        self._data.qpos[free : free + 3] += np.subtract(at, self.thing_pose()[0])
        self._data.qvel[speed : speed + 6] = 0.0
        self._mujoco.mj_forward(self._model, self._data)

    def gray(self, camera: Camera, light: Light = PLAIN_LIGHT) -> NDArray[np.uint8]:
        """(size, size) what a camera sees, as luminance. Raises UsageError where there is no OpenGL."""
        rgb = self._seeing().rgb(self._data, camera, light, camera.size, camera.size)
        return (rgb @ np.array(LUMINANCE, np.float32) + np.float32(0.5)).astype(np.uint8)

    def outside(
        self, workspace: Workspace, goal: Sequence[float] | None = None, height: int = 720, width: int = 960
    ) -> NDArray[np.uint8]:
        """(height, width, 3) RGB of the whole scene, the workspace's edges and a goal (x, y) drawn, for films."""
        mujoco = self._mujoco
        kinds, eye = mujoco.mjtGeom, np.eye(3).flatten()
        shapes = [
            (
                kinds.mjGEOM_BOX,
                [max(abs(b - a), 0.004) / 2 for a, b in zip(*edge)],
                np.mean(edge, 0),
                (0.1, 0.3, 0.9, 1),
            )
            for edge in workspace.edges()
        ]
        if goal is not None:
            disc = (*goal[:2], TABLE_TOP + 0.002)
            shapes.append((kinds.mjGEOM_CYLINDER, [0.05, 0.05, 0.001], np.array(disc), (0.1, 0.7, 0.3, 1)))

        def draw(scene: Any) -> None:
            for kind, size, place, colour in shapes:
                colour_4 = np.array(colour, np.float32)
                mujoco.mjv_initGeom(scene.geoms[scene.ngeom], kind, np.array(size), place, eye, colour_4)
                scene.ngeom += 1

        return self._seeing().rgb(self._data, FROM_OUTSIDE, PLAIN_LIGHT, height, width, draw)

    def close(self) -> None:
        """Let go of the graphics library; more than once does nothing."""
        if self._eye is not None:
            self._eye.close()
        self._eye = None

    def _build(self, thing: Thing) -> None:
        """Compile the world with this thing in it."""
        self.close()
        spec, centre = thing_spec(self._mujoco, thing)
        self._model = with_thing(self._room, spec).compile()
        self._data = self._mujoco.MjData(self._model)
        self._thing, self._centre = thing, np.array(centre)
        joint = self._model.body("the/thing").jntadr[0]
        self._free, self._speed = int(self._model.jnt_qposadr[joint]), int(self._model.jnt_dofadr[joint])
        self._colours = self._model.geom_rgba.copy()
        bodies = self._model.geom_bodyid
        self._floor, self._tables = self._model.geom("floor").id, bodies == 0
        self._tables[self._floor] = False
        first = int(self._model.body_parentid[self._model.jnt_bodyid[0]])
        self._links = [bodies == first + i for i in range(self._num + 1)]

    def _rest(self, thing: Thing) -> Pose:
        """How a thing lies on the table when it has come to rest, found once, on a table with nothing else."""
        if isinstance(thing, Puck):
            return TABLE_TOP + thing.height / 2, np.array([1.0, 0.0, 0.0, 0.0])
        if thing not in self._resting:
            self._resting[thing] = self._settle(thing)
        return self._resting[thing]

    def _settle(self, thing: Thing) -> Pose:
        mujoco = self._mujoco
        alone = mujoco.MjSpec()
        alone.option.timestep = STEP
        add_box(mujoco, alone.worldbody, "table", (5.0, 5.0, 0.5), (0.0, 0.0, TABLE_TOP - 0.5))
        model = with_thing(alone, thing_spec(mujoco, thing)[0]).compile()
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        data.qpos[2] = TABLE_TOP - _lowest(mujoco, model, data) + 1e-3
        for _ in range(round(SETTLING / STEP)):
            mujoco.mj_step(model, data)
            if data.ncon >= 3 and math.hypot(*data.qvel[:3]) < 1e-3 and math.hypot(*data.qvel[3:]) < 1e-2:
                break
        return float(data.qpos[2]), data.qpos[3:7].copy()

    def _paint(self, paint: Paint) -> None:
        rgba = self._model.geom_rgba
        rgba[:] = self._colours
        rgba[self._floor, :3] *= paint.floor
        rgba[self._tables, :3] *= paint.table
        for link, factor in zip(self._links, paint.arm):
            rgba[link, :3] *= factor
        np.minimum(rgba, 1.0, out=rgba)

    def _seeing(self) -> MujocoEye:
        if self._eye is None:
            self._eye = MujocoEye(self._mujoco, self._model)
        return self._eye


def _xyzw(quaternion: NDArray[np.float64]) -> list[float]:
    turned: list[float] = np.roll(quaternion, -1).tolist()
    return turned


def _lowest(mujoco: Any, model: Any, data: Any) -> float:
    """The height of the lowest corner of any mesh."""
    low = math.inf
    for i in range(model.ngeom):
        if model.geom_type[i] != mujoco.mjtGeom.mjGEOM_MESH:
            continue
        mesh = model.geom_dataid[i]
        start = model.mesh_vertadr[mesh]
        corners = model.mesh_vert[start : start + model.mesh_vertnum[mesh]]
        low = min(low, float((data.geom_xpos[i] + corners @ data.geom_xmat[i].reshape(3, 3).T)[:, 2].min()))
    return low
