"""MuJoCo's models of the arm and of what lies on its table, compiled from the files that PyBullet brings.

A URDF stands for itself: MuJoCo compiles its joints, masses, limits and meshes, a mesh's convex hull being what
touches. What it leaves open is MuJoCo's own: the motors are those of the KUKA iiwa 14 in MuJoCo Menagerie, since a URDF
names none, and the table is boxes of the measures in ``table.urdf``, since that file's mesh is a cuboid too.
"""

import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

from palestra.envs.arm.blocks import Block
from palestra.envs.arm.objects import Thing
from palestra.envs.arm.task import TABLE_TOP, Puck
from palestra.errors import UsageError, missing_extra, require
from palestra.kinematics.document import numbers

STEP = 1 / 480
"""Seconds of a substep."""
STIFFNESS, FRICTION = 2_000.0, 200.0
"""N m / rad and N m s / rad of every motor (kp and kv in mujoco_menagerie/kuka_iiwa_14/iiwa14.xml). A motor follows its
target a tenth of a second late, and gives way under the arm's own weight, which it does not know."""
FLOOR = -0.65
"""Height of the plane, on which the table stands, as in PyBullet's world."""
ARM_ALONE = {"contype": 1, "conaffinity": 0}
"""What the arm touches: everything but itself, as in PyBullet's world."""
OTHERS = {"contype": 2, "conaffinity": 3}


def import_mujoco() -> Any:
    """MuJoCo's module. UsageError, with the way out, where it is not installed."""
    try:
        import mujoco
    except ImportError as error:
        raise missing_extra("mujoco", "the MuJoCo world of the arm") from error
    return mujoco


@cache
def data_folder() -> Path:
    """Where PyBullet keeps its files. UsageError where they are not."""
    try:
        import pybullet_data
    except ImportError as error:
        what = "the MuJoCo world of the arm, whose robot and objects are the files that PyBullet brings,"
        hint = " (PyBullet has wheels up to Python 3.11)" if sys.version_info >= (3, 12) else ""
        raise UsageError(f"{missing_extra('arm', what)}{hint}") from error
    return Path(pybullet_data.getDataPath())


def read_urdf(path: str) -> ET.Element:
    """The root of a URDF, absolute or among PyBullet's, told how MuJoCo is to take it. UsageError for what is none."""
    file = data_folder() / path
    try:
        text = file.read_bytes().replace(b'version="0.0"', b'version="1.0"', 1)  # there is no XML of version 0.0
        # a document type is where entities are declared, and no robot needs one
        require(b"<!DOCTYPE" not in text and b"<!ENTITY" not in text, f"{path!r} with a DOCTYPE", "none")
        root = ET.fromstring(text)
    except (OSError, ET.ParseError) as error:
        raise _unreadable(path, error) from error
    options = {"meshdir": str(file.parent), "strippath": "false", "fusestatic": "false", "discardvisual": "false"}
    ET.SubElement(ET.SubElement(root, "mujoco"), "compiler", options)
    return root


def to_spec(mujoco: Any, path: str, root: ET.Element) -> Any:
    """The specification (MjSpec) of the root of a URDF. UsageError where MuJoCo cannot make a model of it."""
    try:
        spec = mujoco.MjSpec.from_string(ET.tostring(root, encoding="unicode"))
        spec.compile()
    except ValueError as error:
        raise _unreadable(path, error) from error
    return spec


def _unreadable(path: str, error: Exception) -> UsageError:
    said = " ".join(str(error).split())
    return UsageError(f"{path!r} cannot be loaded by MuJoCo ({said}); expected a URDF with its meshes")


def room_with(mujoco: Any, urdf: str, num_joints: int) -> Any:
    """The specification of floor, table and the arm of a URDF, one motor for each of its first joints.

    UsageError where they are no chain of joints that turn.
    """
    spec = to_spec(mujoco, urdf, read_urdf(urdf))
    joints = spec.joints
    if len(joints) < num_joints or any(j.type != mujoco.mjtJoint.mjJNT_HINGE for j in joints[:num_joints]):
        raise UsageError(
            f"the model {urdf!r} with joints {[joint.name for joint in joints]}; expected a chain that begins with"
            f" {num_joints} revolute joints, those of the robot"
        )
    for geom in spec.geoms:
        if geom.contype:
            geom.contype, geom.conaffinity, geom.group = *ARM_ALONE.values(), 3  # seen is the mesh beside it
    for joint in joints[:num_joints]:
        motor = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        motor.set_to_position(kp=STIFFNESS, kv=FRICTION)
    spec.option.timestep = STEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.visual.quality.shadowsize = 1_024  # of four times as many a side, as MuJoCo has it, a small picture is drowned
    world = spec.worldbody
    checks = spec.add_texture(
        name="checks", type=mujoco.mjtTexture.mjTEXTURE_2D, builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER, width=256,
        height=256, rgb1=(0.2, 0.3, 0.4), rgb2=(0.85, 0.88, 0.92),
    )  # fmt: skip
    floor = spec.add_material(name="floor", texrepeat=(1, 1), texuniform=True)
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = checks.name
    plane = mujoco.mjtGeom.mjGEOM_PLANE
    world.add_geom(name="floor", type=plane, size=(0, 0, 1), pos=(0, 0, FLOOR), material="floor", **OTHERS)
    add_box(mujoco, world, "table", (0.75, 0.5, 0.025), (0.5, 0.0, TABLE_TOP - 0.025))
    for i, (x, y) in enumerate(((-0.65, -0.4), (-0.65, 0.4), (0.65, -0.4), (0.65, 0.4))):
        add_box(mujoco, world, f"leg {i}", (0.05, 0.05, 0.29), (0.5 + x, y, FLOOR + 0.29))
    world.add_light(name="light", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, castshadow=True)
    world.add_camera(name="eye")
    return spec


def add_box(mujoco: Any, body: Any, name: str, half: tuple[float, ...], at: tuple[float, ...]) -> None:
    """A white box of half extents (m)."""
    kind = mujoco.mjtGeom.mjGEOM_BOX
    body.add_geom(name=name, type=kind, size=half, pos=at, rgba=(0.9, 0.9, 0.9, 1.0), **OTHERS)


def thing_spec(mujoco: Any, thing: Thing) -> tuple[Any, list[float]]:
    """The specification of a thing that moves freely, and where its file has the centre of mass in its frame.

    Its friction is its own, whatever it lies on. Its inertia is that of its shape: the files of PyBullet's objects name
    some that no body can have.

    Raises UsageError for a block, which is there to be gripped: this arm has no jaws.
    """
    if isinstance(thing, Block):
        raise UsageError("a block in MuJoCo's world, whose arm has no jaws; expected simulator='pybullet'")
    if isinstance(thing, Puck):
        spec = mujoco.MjSpec()
        body = spec.worldbody.add_body(name="thing")
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=(thing.radius, thing.height / 2, 0), mass=thing.mass,
            friction=(thing.friction, 0.005, 0.0001), priority=1, rgba=(0.8, 0.2, 0.2, 1), **OTHERS,
        )  # fmt: skip
        body.add_freejoint()
        return spec, [0.0, 0.0, 0.0]
    root = read_urdf(thing)
    mass, centre = 0.0, [0.0, 0.0, 0.0]
    for link in root.iter("link"):
        for inertial in link.findall("inertial"):
            mass += numbers(_attributes(inertial, "mass"), "value", "0", 1, thing)[0]
            centre = numbers(_attributes(inertial, "origin"), "xyz", "0 0 0", 3, thing)
            link.remove(inertial)
    spec = to_spec(mujoco, thing, root)
    body = spec.worldbody.first_body()
    touching = [geom for geom in spec.geoms if geom.contype]
    given = f"the object {thing!r} of {mass} kg with {len(touching)} shapes that touch"
    require(mass > 0 and bool(touching), given, "a mass and a collision shape, with which it can lie on a table")
    for mesh in spec.meshes:
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX  # some of these meshes have next to no volume
    for geom in spec.geoms:
        geom.mass = mass / len(touching) if geom.contype else 0.0
        if geom.contype:
            geom.contype, geom.conaffinity, geom.group, geom.priority = *OTHERS.values(), 3, 1
    body.name = "thing"
    body.add_freejoint()
    return spec, centre


def _attributes(element: ET.Element, tag: str) -> dict[str, str]:
    found = element.find(tag)
    return {} if found is None else found.attrib


def with_thing(room: Any, thing: Any) -> Any:
    """The specification of a room and a thing in it, whose body is "thing"."""
    spec = room.copy()
    spec.attach(thing, frame=spec.worldbody.add_frame(), prefix="the/")
    return spec
