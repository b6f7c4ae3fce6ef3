"""A robot from a MuJoCo file (MJCF): nested bodies with their joints and sites, angles as its compiler element says."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from palestra.errors import UsageError, require
from palestra.kinematics.document import numbers
from palestra.kinematics.orientation import Angles, orientation
from palestra.kinematics.rotations import about, transform
from palestra.kinematics.tree import Frame, Joint, Tree, make_tree

MOVING = ("hinge", "slide")
REFUSED = ("include", "replicate", "attach", "composite", "flexcomp")
"""Elements that stand for bodies written elsewhere or made by MuJoCo's compiler."""
_OF_A_CLASS = ("joint", "site")
"""Elements whose defaults matter here."""
Defaults = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Class to element to attributes."""


@dataclass
class _Made:
    """What was read so far."""

    defaults: Defaults
    angles: Angles
    autolimits: bool
    joints: list[Joint] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def put(self, name: str, parent: int, offset: Tensor) -> int:
        """A frame that stands still in its parent; returns its place."""
        self.frames.append(Frame(name, parent, offset))
        return len(self.frames) - 1


def tree_from_mjcf(root: ET.Element) -> Tree:
    """The robot of a MuJoCo file's root element: ``world``, every body and every site is a frame.

    A site that bears a body's name has ``(site)`` behind it; one that is drawn from a point to another is left out.
    Joints couple by nothing: equality constraints are left alone, as are actuators and all that has weight or a shape.

    Raises UsageError for a joint that neither turns nor slides (free, ball), and for elements that are expanded by
    MuJoCo (``include``, ``replicate``, ``attach``): save the expanded model with ``mj_saveLastXML`` and give that.
    """
    for element in root.iter():
        given = f"<{element.tag}> in a MuJoCo file"
        require(element.tag not in REFUSED, given, "a file that needs no expanding: mj_saveLastXML writes one")
    compiler: dict[str, str] = {}
    for element in root.findall("compiler"):
        compiler |= element.attrib
    angles = Angles(compiler.get("angle", "degree") != "radian", compiler.get("eulerseq", "xyz"))
    made = _Made(_defaults(root), angles, compiler.get("autolimits", "true") != "false")
    bodies = {body.get("name") for body in root.iter("body")}
    made.put("world", -1, torch.eye(4, dtype=torch.float64))
    waiting = [(body, 0, torch.eye(4, dtype=torch.float64), "main") for body in reversed(root.findall("worldbody"))]
    while waiting:
        body, parent, stands, known_as = waiting.pop()
        # two passes: in a body its joints come first, wherever they stand
        parts = list(_parts(body, made, known_as))
        here = parent
        if body.tag == "body":
            here = _body(body, parent, stands, parts, made)
        for element, at, of_class in parts:
            if element.tag == "site" and "fromto" not in element.attrib:
                attributes = _attributes(element, of_class, made)
                made.put(_site_name(element, bodies, made), here, at @ _pose(attributes, made, "site"))
        waiting += [(element, here, at, of_class) for element, at, of_class in reversed(parts) if element.tag == "body"]
    return make_tree(root.get("model", "robot"), made.joints, made.frames)


def _parts(body: ET.Element, made: _Made, known_as: str) -> Iterator[tuple[ET.Element, Tensor, str]]:
    """What is in a body, also within its ``frame`` elements: elements, where their frame stands, and their class."""
    waiting = [(torch.eye(4, dtype=torch.float64), body.get("childclass", known_as), iter(body))]
    while waiting:
        at, of_class, rest = waiting[-1]
        element = next(rest, None)
        if element is None:
            waiting.pop()
        elif element.tag == "frame":
            stands = at @ _pose(element.attrib, made, "frame")
            waiting.append((stands, element.get("childclass", of_class), iter(element)))
        else:
            yield element, at, of_class


def _body(
    body: ET.Element, parent: int, stands: Tensor, parts: list[tuple[ET.Element, Tensor, str]], made: _Made
) -> int:
    """Put a body behind its joints, one after the other; returns its place."""
    name = body.get("name") or f"body {len(made.frames)}"
    offset = stands @ _pose(body.attrib, made, f"body {name!r}")
    moved = False
    for element, at, of_class in parts:
        if element.tag not in ("joint", "freejoint"):
            continue
        attributes = _attributes(element, of_class, made)
        kind = "free" if element.tag == "freejoint" else attributes.get("type", "hinge")
        joint_name = element.get("name") or f"joint {len(made.joints)}"
        owner = f"joint {joint_name!r}"
        require(kind in MOVING, f"{owner} of type {kind!r}", "hinge or slide: joints that turn or slide")
        slides = kind == "slide"
        anchor = at[:3, :3] @ _vector(attributes, "pos", "0 0 0", owner) + at[:3, 3]
        axis = at[:3, :3] @ _vector(attributes, "axis", "0 0 1", owner)
        require(bool(axis.norm() > 1e-9), f"axis of {owner} of no length", "a direction")
        scale = math.pi / 180 if made.angles.degrees and not slides else 1.0
        zero = scale * numbers(attributes, "ref", "0", 1, owner)[0]
        back = transform(torch.eye(3), (-zero * axis / axis.norm()).tolist()) if slides else _turned(axis, -zero)
        offset = offset @ transform(torch.eye(3), anchor.tolist()) @ back
        lower, upper = _limits(attributes, scale, made.autolimits, owner)
        made.frames.append(Frame(f"{name} at {owner}", parent, offset, len(made.joints), axis.tolist(), slides))
        made.joints.append(Joint(joint_name, slides, lower, upper, rest=zero))
        parent, moved = len(made.frames) - 1, True
        offset = transform(torch.eye(3), (-anchor).tolist())
    if moved and bool((offset == torch.eye(4)).all()):  # the joint stands where the body does: one frame for both
        last = made.frames[parent]
        made.frames[parent] = replace(last, name=name)
        return parent
    return made.put(name, parent, offset)


def _site_name(element: ET.Element, bodies: set[str | None], made: _Made) -> str:
    name = element.get("name") or f"site {len(made.frames)}"
    return f"{name} (site)" if name in bodies else name


def _limits(attributes: Mapping[str, str], scale: float, autolimits: bool, owner: str) -> tuple[float, float]:
    lower, upper = (scale * each for each in numbers(attributes, "range", "0 0", 2, owner))
    limited = attributes.get("limited", "auto")
    if limited == "true" or (limited == "auto" and autolimits and lower < upper):
        require(lower < upper, f"range={attributes.get('range', '')!r} of {owner}", "a lower end below the upper")
        return lower, upper
    return -math.inf, math.inf


def _defaults(root: ET.Element) -> Defaults:
    """Attributes of each class, with those that it inherits."""
    known: dict[str, dict[str, dict[str, str]]] = {"main": {tag: {} for tag in _OF_A_CLASS}}
    for top in root.findall("default"):
        waiting = [(top, known["main"], "main")]
        while waiting:
            element, inherited, name = waiting.pop()
            own = {tag: dict(inherited[tag]) for tag in _OF_A_CLASS}
            for child in element:
                if child.tag in _OF_A_CLASS:
                    own[child.tag] |= child.attrib
                elif child.tag == "default":
                    require("class" in child.attrib, "a <default> inside another, without a class", "a class")
            known[name] = own
            waiting += [(child, own, child.get("class", "")) for child in element.findall("default")]
        known[top.get("class", "main")] = known["main"]
    return known


def _attributes(element: ET.Element, of_class: str, made: _Made) -> dict[str, str]:
    """An element's own, and those of its class; an orientation of its own takes the place of any other."""
    name = element.get("class", of_class)
    if name not in made.defaults:
        raise UsageError(f"class {name!r} of a MuJoCo file; expected one of {', '.join(sorted(made.defaults))}")
    inherited = made.defaults[name].get(element.tag, {})
    if Angles.names & set(element.attrib):
        inherited = {key: value for key, value in inherited.items() if key not in Angles.names}
    return {**inherited, **element.attrib}


def _pose(attributes: Mapping[str, str], made: _Made, owner: str) -> Tensor:
    return transform(orientation(attributes, made.angles, owner), numbers(attributes, "pos", "0 0 0", 3, owner))


def _turned(axis: Tensor, angle: float) -> Tensor:
    return transform(about(axis.tolist(), angle), (0.0, 0.0, 0.0))


def _vector(attributes: Mapping[str, str], name: str, default: str, owner: str) -> Tensor:
    return torch.tensor(numbers(attributes, name, default, 3, owner), dtype=torch.float64)
