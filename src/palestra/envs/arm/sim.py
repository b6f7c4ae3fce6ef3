"""PyBullet's side of the arm: one world with plane, table, arm and one object.

Every call to PyBullet is in this file, :mod:`~palestra.envs.arm.objects` and :mod:`~palestra.envs.arm.client`.

Nothing here knows of tasks, rewards or observations: a :class:`Sim` starts an episode, moves the joints, says where
things are and takes pictures. Each has a physics client of its own and names it in every call, so many live side by
side; PyBullet does not let go of Python's lock, so only processes run at the same time.

Loading the whole world takes twenty times as long as loading one object, and every removed object leaves about 50 KB
behind; so an episode changes the object only, and every ``REBUILD_EVERY`` episodes the world is built anew. An episode
is bit for bit the same after either. An object is put down as it comes to rest on a table of its own, found once.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.envs.arm import jaws
from palestra.envs.arm.camera import Camera
from palestra.envs.arm.client import connect, data_path, import_pybullet
from palestra.envs.arm.objects import GRAVITY, RestingPoses, Thing, load_thing
from palestra.envs.arm.paint import PLAIN, PLAIN_LIGHT, Light, Paint
from palestra.envs.arm.robot import Robot
from palestra.envs.arm.solids import PLINTH_GREY
from palestra.envs.arm.task import TABLE_TOP, Plinth, Workspace
from palestra.errors import UsageError, require, unknown_name

SUBSTEPS = 32
"""Steps of 1/240 s in one movement. With fewer the second joint's 300 N m cannot lift the arm by 0.1 m in time."""
MOVING = 28
"""Substeps in which the target goes from the old joint angles to the new; the rest are for coming to rest."""
GAIN = 0.3
"""Part of a joint's error that its motor is to take away in a substep."""
FLOOR = -0.65
"""Height of the plane; plane and table stand as in the notes."""
TABLE_AT = (0.5, 0.0, FLOOR)
REBUILD_EVERY = 200
"""Episodes after which the world is built anew: 10 MB of what PyBullet keeps of removed objects."""
URDFS = {"kuka_iiwa": "kuka_iiwa/model.urdf"}
"""The URDF of each robot that comes with PyBullet."""
FLANGES = {"kuka_iiwa": "lbr_iiwa_link_7"}
"""The link of each from which jaws hang."""
GRIP_FORCE, JAW_SPEED = 30.0, jaws.OPENING / 2 / (SUBSTEPS / 240)
"""Of each jaw: the force (N) with which it grips, and the speed (m/s) at which it moves."""
LINE_WIDTH = 0.004
FAR_AWAY = (0.0, 0.0, -50.0)


class Sim:
    """One PyBullet world. ``begin`` starts an episode; nothing else works before it."""

    def __init__(
        self, robot: Robot, urdf: str | None = None, grips: bool = False, plinth: Plinth | None = None
    ) -> None:
        """A world.

        Args:
            robot: which arm.
            urdf: its model, where it is not one of PyBullet's.
            grips: whether jaws hang from its flange.
            plinth: what stands on the table.

        Raises UsageError without PyBullet, or for a model that is not a chain of the robot's joints.
        """
        require(
            not grips or robot.name in FLANGES, f"robot={robot.name!r} with jaws", f"one of PyBullet's: {list(FLANGES)}"
        )
        if urdf is None and robot.name not in URDFS:
            raise unknown_name("robot with a model in PyBullet (give urdf= for others)", robot.name, URDFS)
        self._p = import_pybullet()
        self._robot = robot
        self._urdf = URDFS[robot.name] if urdf is None else str(Path(urdf).absolute())
        require(urdf is None or Path(urdf).is_file(), f"urdf={urdf!r}", "a URDF file that exists")
        self._joints = range(robot.num_joints)
        self._grips, self._plinth_size = grips, plinth
        self._client: int = connect(self._p)
        self._poses = RestingPoses(self._p)
        self._episodes = 0
        self._target: list[float] = []
        self._jaws: list[int] = []
        self._thing: int | None = None
        self._lines: list[int] = []
        self._build()

    def begin(
        self,
        joints: Sequence[float],
        thing: Thing,
        at: Sequence[float],
        paint: Paint = PLAIN,
        plinth_at: Sequence[float] | None = None,
    ) -> None:
        """Start an episode: the joints at these angles (rad), and a thing at rest on the table at (x, y).

        ``plinth_at`` is where the plinth stands; jaws are wide open.
        """
        p, client = self._p, self._client
        if self._episodes and self._episodes % REBUILD_EVERY == 0:
            self._build()
        elif self._thing is not None:
            p.removeBody(self._thing, physicsClientId=client)
        self._episodes += 1
        height, turned = self._poses.of(thing)
        self._thing = load_thing(p, client, thing)
        p.resetBasePositionAndOrientation(self._thing, (*at, height), turned, physicsClientId=client)
        if self._plinth is not None and plinth_at is not None:
            body, middle = self._plinth
            p.resetBasePositionAndOrientation(body, (*plinth_at, middle), (0, 0, 0, 1), physicsClientId=client)
        if self._grips:
            self.open_jaws(jaws.WIDEST)
        self._paint(paint)
        self.teleport(joints, steps=0)

    def move(self, joints: Sequence[float], opening: float | None = None) -> None:
        """Drive the joints to these angles by their motors, in ``SUBSTEPS`` substeps along a smooth path.

        Meanwhile the jaws go to an ``opening`` (m) as far as they get and nothing is between them.
        """
        if opening is not None:
            self._drive_jaws(opening)
        p, client = self._p, self._client
        start, goal = np.array(self._target), np.array(joints)
        ones = [1.0] * len(start)
        for substep in range(SUBSTEPS):
            if substep <= MOVING:
                s = min((substep + 1) / MOVING, 1.0)
                # A cubic with no speed at either end, and its derivative in rad/s.
                place, speed = 3 * s**2 - 2 * s**3, 6 * (s - s**2) * 240 / MOVING
                p.setJointMotorControlArray(
                    self._arm,
                    self._joints,
                    p.POSITION_CONTROL,
                    targetPositions=start + place * (goal - start),
                    targetVelocities=speed * (goal - start),
                    positionGains=[GAIN * one for one in ones],
                    velocityGains=ones,
                    forces=self._forces,
                    physicsClientId=client,
                )
            p.stepSimulation(physicsClientId=client)
        self._target = list(joints)

    def teleport(self, joints: Sequence[float], steps: int = 1) -> None:
        """Put the joints at these angles at once, at rest, and the motors' targets with them; then ``steps`` substeps.

        With the old targets the motors would pull the arm back where it was.
        """
        p, client = self._p, self._client
        for joint, angle in zip(self._joints, joints, strict=True):
            p.resetJointState(self._arm, joint, angle, 0.0, physicsClientId=client)
        zeros = [0.0] * len(self._joints)
        p.setJointMotorControlArray(
            self._arm,
            self._joints,
            p.POSITION_CONTROL,
            targetPositions=joints,
            targetVelocities=zeros,
            positionGains=[GAIN] * len(zeros),
            forces=self._forces,
            physicsClientId=client,
        )
        self._target = list(joints)
        for _ in range(steps):
            p.stepSimulation(physicsClientId=client)

    def open_jaws(self, opening: float) -> None:
        """Put the jaws at an opening (m) at once, at rest, to stay there."""
        for joint in self._jaws:
            self._p.resetJointState(self._arm, joint, opening / 2, 0.0, physicsClientId=self._client)
        self._drive_jaws(opening)

    def opening(self) -> float:
        """Metres between the jaws."""
        states = self._p.getJointStates(self._arm, self._jaws, physicsClientId=self._client)
        return float(sum(state[0] for state in states))

    def _drive_jaws(self, opening: float) -> None:
        for joint in self._jaws:
            self._p.setJointMotorControl2(
                self._arm,
                joint,
                self._p.POSITION_CONTROL,
                targetPosition=opening / 2,
                force=GRIP_FORCE,
                maxVelocity=JAW_SPEED,
                physicsClientId=self._client,
            )

    def joint_angles(self) -> list[float]:
        """The angles of the joints as they are (rad)."""
        return [state[0] for state in self._p.getJointStates(self._arm, self._joints, physicsClientId=self._client)]

    def end_effector(self) -> tuple[list[float], list[float]]:
        """Position (m) and quaternion (x, y, z, w) of the last link's frame."""
        # Entry 0 would be the centre of mass, and without computing it anew the frame before the last substep.
        state = self._p.getLinkState(
            self._arm, self._joints[-1], computeForwardKinematics=1, physicsClientId=self._client
        )
        return list(state[4]), list(state[5])

    def link_frames(self) -> list[tuple[list[float], list[float]]]:
        """Position and quaternion of every link's frame, the base's first."""
        p = self._p
        base = p.getBasePositionAndOrientation(self._arm, physicsClientId=self._client)
        inertial = p.getDynamicsInfo(self._arm, -1, physicsClientId=self._client)[3:5]
        base = p.multiplyTransforms(*base, *p.invertTransform(*inertial))
        states = p.getLinkStates(self._arm, self._joints, computeForwardKinematics=1, physicsClientId=self._client)
        return [(list(frame[0]), list(frame[1])) for frame in (base, *(state[4:6] for state in states))]

    def thing_pose(self) -> tuple[list[float], list[float]]:
        """Position (m) of the thing's centre of mass, and its quaternion."""
        position, turned = self._p.getBasePositionAndOrientation(self._thing, physicsClientId=self._client)
        return list(position), list(turned)

    def thing_half(self) -> list[float]:
        """Half of the extents along x, y and z (m) of the box around the thing."""
        low, high = self._p.getAABB(self._thing, physicsClientId=self._client)
        return [(b - a) / 2 for a, b in zip(low, high, strict=True)]

    def thing_box(self) -> tuple[list[float], list[float]]:
        """Least and greatest x, y and z (m) of the thing's surface; PyBullet's own box has a margin of centimetres."""
        p, client = self._p, self._client
        corners = p.getMeshData(self._thing, -1, physicsClientId=client)[1]
        if not corners:  # of a sphere, say
            low, high = p.getAABB(self._thing, -1, physicsClientId=client)
            return list(low), list(high)
        position, turned = self.thing_pose()
        rotation = np.array(p.getMatrixFromQuaternion(turned)).reshape(3, 3)
        placed = np.array(corners) @ rotation.T + position
        return placed.min(0).tolist(), placed.max(0).tolist()

    def put_thing(self, at: Sequence[float]) -> None:
        """Move the thing's centre of mass to (x, y, z), at rest and turned as it is."""
        p, client = self._p, self._client
        p.resetBasePositionAndOrientation(self._thing, at, self.thing_pose()[1], physicsClientId=client)
        p.resetBaseVelocity(self._thing, (0, 0, 0), (0, 0, 0), physicsClientId=client)

    def gray(self, camera: Camera, light: Light = PLAIN_LIGHT) -> NDArray[np.uint8]:
        """(size, size) what a camera sees, as luminance 0.299 R + 0.587 G + 0.114 B."""
        rgb = self._picture(
            _flat(camera.view_matrix()), _flat(camera.projection_matrix()), camera.size, camera.size, light
        )
        return (rgb @ np.array([0.299, 0.587, 0.114], np.float32) + np.float32(0.5)).astype(np.uint8)

    def masks(self, camera: Camera) -> dict[str, NDArray[np.bool_]]:
        """(size, size) bool for "arm", "table", "floor" and "thing": where a camera sees which."""
        view, projection = _flat(camera.view_matrix()), _flat(camera.projection_matrix())
        p = self._p
        ids = p.getCameraImage(
            camera.size, camera.size, view, projection, shadow=0, renderer=p.ER_TINY_RENDERER,
            physicsClientId=self._client,
        )[4]  # fmt: skip
        ids = np.asarray(ids).reshape(camera.size, camera.size)
        bodies = {"arm": self._arm, "table": self._table, "floor": self._plane, "thing": self._thing}
        return {name: ids == body for name, body in bodies.items()}

    def outside(
        self, workspace: Workspace, goal: Sequence[float] | None = None, height: int = 720, width: int = 960
    ) -> NDArray[np.uint8]:
        """(height, width, 3) RGB of the whole scene, the workspace's edges and a goal (x, y) drawn, for films."""
        p = self._p
        self._show_lines(workspace, True, goal)
        view = p.computeViewMatrixFromYawPitchRoll((0.4, 0.0, 0.2), 1.5, 60.0, -25.0, 0.0, 2)
        projection = p.computeProjectionMatrixFOV(45.0, width / height, 0.1, 10.0)
        picture = self._picture(view, projection, height, width, PLAIN_LIGHT)
        self._show_lines(workspace, False)
        return picture.astype(np.uint8)

    def close(self) -> None:
        """End the physics client; more than once does nothing."""
        self._poses.close()
        if self._client >= 0 and self._p.isConnected(self._client):
            self._p.disconnect(self._client)
        self._client = -1

    def _build(self) -> None:
        p, client = self._p, self._client
        p.resetSimulation(physicsClientId=client)
        p.setPhysicsEngineParameter(deterministicOverlappingPairs=1, enableFileCaching=1, physicsClientId=client)
        p.setGravity(0, 0, GRAVITY, physicsClientId=client)
        # What is in front is loaded first: the renderer draws in this order and need not colour what is hidden, which
        # saves a fifth of a small picture's time.
        try:
            self._arm = self._load_gripping_arm() if self._grips else self._load_arm(self._urdf)
        except p.error as error:
            raise UsageError(f"urdf={self._urdf!r} cannot be loaded ({error}); expected a robot's URDF") from error
        self._plinth = None if self._plinth_size is None else self._load_plinth(self._plinth_size)
        self._table = p.loadURDF("table/table.urdf", TABLE_AT, useFixedBase=True, physicsClientId=client)
        self._plane = p.loadURDF("plane.urdf", (0, 0, FLOOR), physicsClientId=client)
        self._thing, self._lines = None, []
        # The table is white, as in the notes: its texture alone has a colour.
        p.changeVisualShape(self._table, -1, rgbaColor=(1, 1, 1, 1), physicsClientId=client)
        self._painted = PLAIN
        self._colours = {
            (shape[0], shape[1]): shape[7]
            for body in (self._plane, self._table, self._arm)
            for shape in p.getVisualShapeData(body, physicsClientId=client)
        }
        infos = [p.getJointInfo(self._arm, j, physicsClientId=client) for j in range(_num_joints(p, self._arm, client))]
        chain = len(infos) >= len(self._joints) and all(infos[j][2] == p.JOINT_REVOLUTE for j in self._joints)
        require(
            chain,
            f"the model {self._urdf!r} with joints {[info[1].decode() for info in infos]}",
            f"a chain that begins with the {len(self._joints)} revolute joints of the robot {self._robot.name!r}",
        )
        self._forces = [infos[j][10] for j in self._joints]

    def _load_arm(self, urdf: str) -> int:
        arm: int = self._p.loadURDF(urdf, useFixedBase=True, physicsClientId=self._client)
        return arm

    def _load_gripping_arm(self) -> int:
        """The arm with jaws, both of which one gear keeps at the same distance from the middle."""
        p, client = self._p, self._client
        model = Path(data_path()) / self._urdf
        text = jaws.with_jaws(model, FLANGES[self._robot.name])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "arm_with_jaws.urdf")
            path.write_text(text, encoding="utf-8")
            arm = self._load_arm(str(path))
        names = [p.getJointInfo(arm, j, physicsClientId=client)[1] for j in range(_num_joints(p, arm, client))]
        self._jaws = [names.index(name) for name in (b"left jaw", b"right jaw")]
        along = ([1, 0, 0], [0, 0, 0], [0, 0, 0])
        gear = p.createConstraint(arm, self._jaws[0], arm, self._jaws[1], p.JOINT_GEAR, *along, physicsClientId=client)
        p.changeConstraint(gear, gearRatio=-1, erp=0.5, maxForce=2 * GRIP_FORCE, physicsClientId=client)
        return arm

    def _load_plinth(self, plinth: Plinth) -> tuple[int, float]:
        """The plinth, out of sight, and the height at which its middle is to be."""
        p, client = self._p, self._client
        half = (plinth.half, plinth.half, plinth.height / 2)
        shape = p.createCollisionShape(p.GEOM_BOX, halfExtents=half, physicsClientId=client)
        grey = (PLINTH_GREY / 255,) * 3
        seen = p.createVisualShape(p.GEOM_BOX, halfExtents=half, rgbaColor=(*grey, 1), physicsClientId=client)
        body: int = p.createMultiBody(0, shape, seen, FAR_AWAY, physicsClientId=client)
        return body, TABLE_TOP + plinth.height / 2

    def _paint(self, paint: Paint) -> None:
        if paint == self._painted:
            return
        p, client = self._p, self._client
        for (body, link), colour in self._colours.items():
            factors = {self._plane: (paint.floor,), self._table: (paint.table,), self._arm: paint.arm}[body]
            factor = factors[link + 1] if link + 1 < len(factors) else 1.0
            shade = [min(factor * part, 1.0) for part in colour[:3]]
            p.changeVisualShape(body, link, rgbaColor=(*shade, 1.0), physicsClientId=client)
        self._painted = paint

    def _picture(
        self, view: Sequence[float], projection: Sequence[float], height: int, width: int, light: Light
    ) -> NDArray[np.float32]:
        """(height, width, 3) RGB from 0 to 255."""
        p = self._p
        pixels = p.getCameraImage(
            width,
            height,
            view,
            projection,
            shadow=0,  # always said: a client that once drew shadows goes on drawing them
            renderer=p.ER_TINY_RENDERER,
            lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse,
            lightSpecularCoeff=light.specular,
            **({} if light.direction is None else {"lightDirection": light.direction}),
            physicsClientId=self._client,
        )[2]
        # A PyBullet that was built without NumPy gives a flat tuple.
        return np.asarray(pixels, np.uint8).reshape(height, width, 4)[..., :3].astype(np.float32)

    def _show_lines(self, workspace: Workspace, shown: bool, goal: Sequence[float] | None = None) -> None:
        """Bring the workspace's edges, or take them where no camera sees them. Debug lines are in no picture."""
        p, client = self._p, self._client
        edges = workspace.edges()
        if not self._lines:
            for start, end in edges:
                half = [max(abs(b - a), LINE_WIDTH) / 2 for a, b in zip(start, end, strict=True)]
                shape = p.createVisualShape(
                    p.GEOM_BOX, halfExtents=half, rgbaColor=(0.1, 0.3, 0.9, 1.0), physicsClientId=client
                )
                self._lines.append(p.createMultiBody(0, -1, shape, FAR_AWAY, physicsClientId=client))
            disc = p.createVisualShape(
                p.GEOM_CYLINDER, radius=0.05, length=0.002, rgbaColor=(0.1, 0.7, 0.3, 1.0), physicsClientId=client
            )
            self._lines.append(p.createMultiBody(0, -1, disc, FAR_AWAY, physicsClientId=client))
        places = [tuple((a + b) / 2 for a, b in zip(*edge, strict=True)) if shown else FAR_AWAY for edge in edges]
        places.append(FAR_AWAY if goal is None else (*goal[:2], TABLE_TOP + 0.002))
        for line, place in zip(self._lines, places, strict=True):
            p.resetBasePositionAndOrientation(line, place, (0, 0, 0, 1), physicsClientId=client)


def _num_joints(p: Any, body: int, client: int) -> int:
    num: int = p.getNumJoints(body, physicsClientId=client)
    return num


def _flat(matrix: Any) -> list[float]:
    """PyBullet's form of a (4, 4) matrix: column after column."""
    flat: list[float] = matrix.T.flatten().tolist()
    return flat
