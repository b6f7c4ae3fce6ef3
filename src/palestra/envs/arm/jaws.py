"""Two parallel jaws under the flange: their measures, how the twin draws them, and the model that PyBullet loads.

They are of the kind of a Schunk WSG 50. Neither of the two grippers that ``pybullet_data`` ships would do: the fingers
of ``kuka_with_gripper2.sdf`` hang 24 mm beside the flange's axis and turn on hinges, so that their tips rise as they
open, by 21 mm; the WSG 50 of ``wsg50_one_motor_gripper_new.sdf`` is a closed chain of links that only constraints hold
together, and would hang from the arm by one more. So three boxes are added to the arm that reaches and pushes
(:func:`with_jaws`), PyBullet's ``kuka_iiwa/model.urdf``, and what is known of its kinematics stays true.

Lengths in metres along the flange's own axes: x is where the jaws open (the world's y while the gripper points down),
z points out of the flange.
"""

import xml.etree.ElementTree as ET
from pathlib import Path

import torch
from torch import Tensor

WIDEST = 0.1
"""Between the pads when they are open."""
OPENING = 0.066
"""By which the opening changes in one movement at most."""
PALM_FROM, PALM_TO = 0.045, 0.115
"""Where the palm begins and ends."""
PALM_HALF = (0.072, 0.024)
"""Half of its extent along x and y."""
FINGER_TO = 0.195
"""Where the fingers, which begin at the palm, end."""
FINGER_HALF = (0.006, 0.012)
"""Half of a finger's extent along x, where its inner face is its pad, and along y."""
GRIP = 0.18
"""Where the middle of what is gripped should be: the grip point."""
TIP = FINGER_TO - GRIP
"""What the fingers reach beyond it."""
GREY = 90.0
"""Of 255: both worlds paint the jaws alike."""
_FRICTION, _MASS_PALM, _MASS_FINGER = 1.0, 0.3, 0.05


def grip_point(ee_B3: Tensor) -> Tensor:
    """(B, 3): the point between the pads of a gripper that points down, under end effectors (B, 3)."""
    return ee_B3 - ee_B3.new_tensor([0.0, 0.0, GRIP])


def capsules(flange_B44: Tensor, opening_B: Tensor) -> tuple[Tensor, Tensor]:
    """Ends (B, 3, 2, 3) in the world and radii (3,) of the palm and two fingers, for the twin's camera."""
    zero, half_B = torch.zeros_like(opening_B), opening_B / 2 + FINGER_HALF[0]
    radius_3 = opening_B.new_tensor([PALM_HALF[1], FINGER_HALF[1] * 0.8, FINGER_HALF[1] * 0.8])
    reach, middle = PALM_HALF[0] - PALM_HALF[1], (PALM_FROM + PALM_TO) / 2
    rows = [torch.stack((zero + sign * reach, zero, zero + middle), 1) for sign in (-1, 1)]
    for sign in (-1, 1):
        rows += [torch.stack((sign * half_B, zero, zero + z), 1) for z in (PALM_TO, FINGER_TO - FINGER_HALF[1])]
    points_BE3 = torch.stack(rows, 1) @ flange_B44[:, :3, :3].mT + flange_B44[:, None, :3, 3]
    return points_BE3.unflatten(1, (3, 2)), radius_3


def with_jaws(urdf: Path, flange: str) -> str:
    """The text of a robot's URDF with the jaws behind its link ``flange``; it may be written to any folder.

    The joints "left jaw" and "right jaw" slide from 0, closed, to half of ``WIDEST``.
    """
    root = ET.parse(urdf).getroot()
    for mesh in root.iter("mesh"):
        mesh.set("filename", str(urdf.parent.absolute() / mesh.get("filename", "")))
    length, (thick, wide) = FINGER_TO - PALM_TO, FINGER_HALF
    palm = (2 * PALM_HALF[0], 2 * PALM_HALF[1], PALM_TO - PALM_FROM)
    root.append(_box("palm", palm, (0.0, 0.0, (PALM_FROM + PALM_TO) / 2), _MASS_PALM))
    root.append(_joint("palm", "fixed", flange, "palm", (0.0, 0.0, 0.0)))
    for name, sign in (("left jaw", 1), ("right jaw", -1)):
        root.append(_box(name, (2 * thick, 2 * wide, length), (sign * thick, 0.0, length / 2), _MASS_FINGER))
        joint = _joint(name, "prismatic", "palm", name, (0.0, 0.0, PALM_TO))
        ET.SubElement(joint, "axis", xyz=f"{sign} 0 0")
        ET.SubElement(joint, "limit", lower="0", upper=str(WIDEST / 2), effort="80", velocity="1")
        root.append(joint)
    return ET.tostring(root, encoding="unicode")


def _box(name: str, size: tuple[float, ...], at: tuple[float, ...], mass: float) -> ET.Element:
    link = ET.Element("link", name=name)
    contact = ET.SubElement(link, "contact")
    ET.SubElement(contact, "lateral_friction", value=str(_FRICTION))
    inertial = ET.SubElement(link, "inertial")
    ET.SubElement(inertial, "origin", xyz=_text(at))
    ET.SubElement(inertial, "mass", value=str(mass))
    xx, yy, zz = (mass / 12 * sum(side**2 for j, side in enumerate(size) if j != i) for i in range(3))
    ET.SubElement(inertial, "inertia", ixx=str(xx), iyy=str(yy), izz=str(zz), ixy="0", ixz="0", iyz="0")
    for part in ("visual", "collision"):
        shape = ET.SubElement(link, part)
        ET.SubElement(shape, "origin", xyz=_text(at))
        ET.SubElement(ET.SubElement(shape, "geometry"), "box", size=_text(size))
        if part == "visual":
            material = ET.SubElement(shape, "material", name="jaws")
            ET.SubElement(material, "color", rgba=_text([GREY / 255] * 3 + [1.0]))
    return link


def _joint(name: str, kind: str, parent: str, child: str, at: tuple[float, ...]) -> ET.Element:
    joint = ET.Element("joint", name=name, type=kind)
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=child)
    ET.SubElement(joint, "origin", xyz=_text(at))
    return joint


def _text(numbers: list[float] | tuple[float, ...]) -> str:
    return " ".join(f"{number:.6g}" for number in numbers)
