"""A robot of one's own, read from its URDF: the kinematic chain, which is all that PyBullet's world needs of it."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from palestra.envs.arm.robot import Robot, robot_from_data
from palestra.errors import UsageError, require


def robot_from_urdf(path: str | Path, initial: Sequence[float], name: str | None = None) -> Robot:
    """The chain of revolute joints that begins at a URDF's base, one for each of the ``initial`` angles (rad).

    The last of these joints carries the end effector; what comes behind it (a gripper) is left alone. The robot has no
    capsules, so the twin cannot draw it. Give it and the path to the environment:
    ``gymnasium.make("palestra/ArmReach-v0", robot=robot_from_urdf(path, initial), urdf=path)``.

    Raises UsageError for a file that is no URDF, and for a model that does not begin with such a chain.
    """
    require(Path(path).is_file(), f"urdf={str(path)!r}", "a URDF file that exists")
    try:
        root = ET.parse(path).getroot()
    except ET.ParseError as error:
        raise UsageError(f"urdf={str(path)!r} is no XML ({error}); expected a robot's URDF") from error
    behind: dict[str, list[ET.Element]] = {}
    children = set()
    for joint in root.findall("joint"):
        behind.setdefault(_attribute(joint, "parent", "link", ""), []).append(joint)
        children.add(_attribute(joint, "child", "link", ""))
    bases = [link.get("name", "") for link in root.findall("link") if link.get("name", "") not in children]
    require(len(bases) == 1, f"urdf={str(path)!r} with {len(bases)} base links", "one, from which the chain begins")
    link, joints = bases[0], []
    for _ in initial:
        following = behind.get(link, [])
        kinds = [joint.get("type") for joint in following]
        require(
            kinds == ["revolute"],
            f"joints {kinds} behind link {link!r} of {str(path)!r}",
            f"one revolute joint: a chain of {len(initial)}, as many as there are initial angles",
        )
        joint = following[0]
        joints.append(
            {
                "xyz": _numbers(_attribute(joint, "origin", "xyz", "0 0 0")),
                "rpy": _numbers(_attribute(joint, "origin", "rpy", "0 0 0")),
                "axis": _numbers(_attribute(joint, "axis", "xyz", "1 0 0")),
                "lower": float(_attribute(joint, "limit", "lower", "0")),
                "upper": float(_attribute(joint, "limit", "upper", "0")),
            }
        )
        link = _attribute(joint, "child", "link", "")
    return robot_from_data(
        {"name": name or root.get("name", "robot"), "joints": joints, "initial": list(initial), "capsules": []}
    )


def _attribute(joint: ET.Element, tag: str, name: str, default: str) -> str:
    element = joint.find(tag)
    return default if element is None else element.get(name, default)


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]
