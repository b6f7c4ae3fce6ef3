"""What lies on the table in PyBullet's world: sets of objects, and how each of them comes to rest."""

import math
from pathlib import Path
from typing import Any

from palestra.envs.arm.blocks import SETS as BLOCK_SETS
from palestra.envs.arm.blocks import Block, block
from palestra.envs.arm.client import connect
from palestra.envs.arm.task import TABLE_TOP, Puck
from palestra.errors import UsageError, require, unknown_name

NUM_RANDOM_OBJECTS = 1_000
OBJECT_SETS = {"train": range(900), "held-out": range(900, NUM_RANDOM_OBJECTS)}
"""The random_urdfs to train with and those kept for evaluation."""
SETTLING_ROUNDS, SETTLING_STEPS, SETTLING_STEP = 40, 12, 1 / 120
"""Rounds of so many substeps of so many seconds: an object that moves after four seconds is taken as it is."""
GRAVITY = -10.0

Thing = Puck | Block | str
"""What lies on the table: a puck, a block, or a URDF's path, absolute or inside PyBullet's data."""


def object_set(objects: str, blocks: bool = False) -> list[Thing]:
    """The random objects of a set, or its blocks, or one's own URDF. Raises UsageError if it is neither."""
    if objects in OBJECT_SETS and blocks:
        return [block(number) for number in BLOCK_SETS[objects]]
    if objects in OBJECT_SETS:
        return [f"random_urdfs/{number:03d}/{number:03d}.urdf" for number in OBJECT_SETS[objects]]
    if Path(objects).suffix == ".urdf":
        require(Path(objects).is_file(), f"objects={objects!r}", "a URDF file that exists")
        return [str(Path(objects).absolute())]
    raise unknown_name("object set (a set, or the path of a .urdf file)", objects, OBJECT_SETS)


def load_thing(p: Any, client: int, thing: Thing) -> int:
    """A thing high above everything, from where it is to be put in its place."""
    above = (0.0, 0.0, 2.0)
    if isinstance(thing, str):
        try:
            body: int = p.loadURDF(thing, above, physicsClientId=client)
        except p.error as error:
            raise UsageError(f"the object {thing!r} cannot be loaded ({error}); expected a URDF") from error
        return body
    kind, solid, seen = _form(p, thing)
    shape = p.createCollisionShape(kind, **solid, physicsClientId=client)
    visual = p.createVisualShape(kind, **seen, rgbaColor=(0.8, 0.2, 0.2, 1), physicsClientId=client)
    body = p.createMultiBody(thing.mass, shape, visual, above, physicsClientId=client)
    p.changeDynamics(body, -1, lateralFriction=thing.friction, physicsClientId=client)
    return body


def _form(p: Any, thing: Puck | Block) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Its geometry to PyBullet: the kind, and what says how it collides and how it is seen."""
    if isinstance(thing, Puck):
        radius, height = thing.radius, thing.height
    else:
        radius, height = thing.half[0], 2 * thing.half[2]
        if thing.kind == "cuboid":
            return p.GEOM_BOX, {"halfExtents": thing.half}, {"halfExtents": thing.half}
        if thing.kind != "cylinder":
            corners = thing.vertices()
            return p.GEOM_MESH, {"vertices": corners}, {"vertices": corners, "indices": thing.triangles()}
    return p.GEOM_CYLINDER, {"radius": radius, "height": height}, {"radius": radius, "length": height}


class RestingPoses:
    """How things lie on the table when they have come to rest, each found once, in a world with nothing but the table.

    So an episode begins with the object at rest exactly where its task has placed it. The notes let it fall from a
    fixed height, which for most objects is inside the table.
    """

    def __init__(self, pybullet: Any) -> None:
        """The world is made when the first pose is asked for."""
        self._p = pybullet
        self._client: int | None = None
        self._known: dict[Thing, tuple[float, tuple[float, ...]]] = {}

    def of(self, thing: Thing) -> tuple[float, tuple[float, ...]]:
        """Height (m) of the thing's centre of mass above the arm's foot, and its quaternion."""
        if not isinstance(thing, str):
            height = thing.height if isinstance(thing, Puck) else 2 * thing.half[2]
            return TABLE_TOP + height / 2, (0.0, 0.0, 0.0, 1.0)
        if thing not in self._known:
            self._known[thing] = self._settle(thing)
        return self._known[thing]

    def close(self) -> None:
        """End the physics client."""
        if self._client is not None and self._p.isConnected(self._client):
            self._p.disconnect(self._client)
        self._client = None

    def _settle(self, thing: str) -> tuple[float, tuple[float, ...]]:
        p = self._p
        if self._client is None:
            self._client = connect(p)
        client = self._client
        p.resetSimulation(physicsClientId=client)
        p.setGravity(0, 0, GRAVITY, physicsClientId=client)
        p.setTimeStep(SETTLING_STEP, physicsClientId=client)
        slab = p.createCollisionShape(p.GEOM_BOX, halfExtents=(5.0, 5.0, 0.5), physicsClientId=client)
        p.createMultiBody(0, slab, -1, (0, 0, TABLE_TOP - 0.5), physicsClientId=client)
        body = load_thing(p, client, thing)
        (x, y, z), turned = p.getBasePositionAndOrientation(body, physicsClientId=client)
        bottom = p.getAABB(body, -1, physicsClientId=client)[0][2]
        p.resetBasePositionAndOrientation(body, (x, y, z - bottom + TABLE_TOP), turned, physicsClientId=client)
        for _ in range(SETTLING_ROUNDS):
            for _ in range(SETTLING_STEPS):
                p.stepSimulation(physicsClientId=client)
            linear, angular = p.getBaseVelocity(body, physicsClientId=client)
            if math.hypot(*linear) < 1e-3 and math.hypot(*angular) < 1e-2:
                break
        position, turned = p.getBasePositionAndOrientation(body, physicsClientId=client)
        return position[2], turned
