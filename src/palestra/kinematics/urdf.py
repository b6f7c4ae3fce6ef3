"""A robot from a URDF: links, and the joints between them."""

import math
import xml.etree.ElementTree as ET

import torch

from palestra.errors import require
from palestra.kinematics.document import numbers
from palestra.kinematics.rotations import from_rpy, transform
from palestra.kinematics.tree import Frame, Joint, Tree, make_tree

MOVING = ("revolute", "continuous", "prismatic")


def tree_from_urdf(root: ET.Element) -> Tree:
    """The robot of a URDF's root element: every link is a frame, every joint that is not fixed moves.

    What is to be seen of it and what it weighs is left alone. A joint that mimics another moves with it.

    Raises UsageError for a type of joint that neither turns nor slides, joints that form a loop, links that hang from
    nothing, and for what is not a finite number.
    """
    name = root.get("name", "robot")
    elements = _joints_in_order(root, name)
    moving = [each for each in elements if each.get("type") in MOVING and each.find("mimic") is None]
    joints = tuple(_joint(each) for each in moving)
    number = {joint.name: i for i, joint in enumerate(joints)}
    (base,) = {_link(each, "parent") for each in elements} - {_link(each, "child") for each in elements}
    frames = [Frame(base, -1, torch.eye(4, dtype=torch.float64))]
    place = {base: 0}
    for each in elements:
        parent, child = _link(each, "parent"), _link(each, "child")
        place[child] = len(frames)
        frames.append(_frame(each, child, place[parent], number))
    return make_tree(name, joints, frames)


def _joints_in_order(root: ET.Element, robot: str) -> list[ET.Element]:
    """All joints, branch by branch, and for the rest as the file has them; every link hangs from one base."""
    behind: dict[str, list[ET.Element]] = {}
    seen: dict[str, str] = {}
    for joint in root.findall("joint"):
        owner = f"joint {joint.get('name', '')!r}"
        kind = joint.get("type", "")
        expected = f"{', '.join(MOVING)} or fixed: joints that turn or slide"
        require(kind in (*MOVING, "fixed"), f"{owner} of type {kind!r}", expected)
        parent, child = _link(joint, "parent"), _link(joint, "child")
        require(bool(parent and child), f"{owner} between links {parent!r} and {child!r}", "a parent and a child")
        twice = f"link {child!r} as the child of {seen.get(child, '')} and of {owner}"
        require(child not in seen, twice, "a tree: one joint above each link, and no loop")
        seen[child] = owner
        behind.setdefault(parent, []).append(joint)
    bases = sorted(set(behind) - set(seen))
    require(bool(seen), f"robot {robot!r} without a joint", "one joint that turns or slides, at least")
    loop = f"robot {robot!r} with a loop of joints through {', '.join(sorted(seen)[:3])}"
    require(bool(bases), loop, "a tree: one link from which all others hang")
    require(len(bases) == 1, f"robot {robot!r} with {len(bases)} bases, {', '.join(bases[:6])}", "one")
    found, waiting = [], behind[bases[0]][::-1]
    while waiting:
        joint = waiting.pop()
        found.append(joint)
        waiting += reversed(behind.get(_link(joint, "child"), []))
    lost = sorted(set(seen) - {_link(joint, "child") for joint in found})
    loop = f"robot {robot!r} with a loop of joints through {', '.join(lost[:3])}"
    require(not lost, loop, "a tree: one link from which all others hang")
    return found


def _joint(element: ET.Element) -> Joint:
    name, kind = element.get("name", ""), element.get("type")
    limit, owner = element.find("limit"), f"joint {name!r}"
    given = {} if limit is None else limit.attrib
    speed = numbers(given, "velocity", "0", 1, owner)[0] or math.inf  # many files say 0 where nothing is known
    if kind == "continuous":
        return Joint(name, speed=speed)
    require(limit is not None, f"{owner}, {kind}, without a <limit>", "one, or the type continuous")
    lower, upper = (numbers(given, end, "0", 1, owner)[0] for end in ("lower", "upper"))
    return Joint(name, kind == "prismatic", lower, upper, speed)


def _frame(element: ET.Element, child: str, parent: int, number: dict[str, int]) -> Frame:
    """The frame of a joint's child."""
    name, owner = element.get("name", ""), f"joint {element.get('name', '')!r}"
    origin, axis, mimic = (element.find(tag) for tag in ("origin", "axis", "mimic"))
    stands = {} if origin is None else origin.attrib
    xyz, rpy = (numbers(stands, key, "0 0 0", 3, owner) for key in ("xyz", "rpy"))
    offset = transform(from_rpy(*rpy), xyz)
    if element.get("type") == "fixed":
        return Frame(child, parent, offset)
    along = numbers({} if axis is None else axis.attrib, "xyz", "1 0 0", 3, owner)
    slides = element.get("type") == "prismatic"
    if mimic is None:
        return Frame(child, parent, offset, number[name], along, slides)
    leader = mimic.get("joint", "")
    require(leader in number, f"{owner} that mimics {leader!r}", "a joint that moves by itself")
    factor, shift = (numbers(mimic.attrib, key, default, 1, owner)[0] for key, default in
                     (("multiplier", "1"), ("offset", "0")))  # fmt: skip
    return Frame(child, parent, offset, number[leader], along, slides, factor, shift)


def _link(joint: ET.Element, end: str) -> str:
    element = joint.find(end)
    return "" if element is None else element.get("link", "")
