"""A robot as data: a chain of revolute joints and the capsules that stand for its body.

The figures come from a JSON file in this package, so neither a URDF nor PyBullet is needed;
``bench/fit_arm.py`` makes ``kuka_iiwa.json`` from the URDF.
"""

import json
import math
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import torch
from torch import Tensor

from palestra.errors import require, unknown_name
from palestra.kinematics.tree import Frame, Joint, Tree, make_tree

ROBOTS = ("kuka_iiwa",)


@dataclass(frozen=True)
class Robot:
    """A fixed base and a chain of revolute joints, link 0 to N - 1 behind joint 0 to N - 1. All tensors float32."""

    name: str
    """The name that :func:`load_robot` knows."""
    origin: Tensor
    """(N, 4, 4): where each joint's frame stands in the frame of the link before it, at angle zero (m)."""
    axis: Tensor
    """(N, 3): the unit vector that each joint turns about, in its own frame."""
    lower: Tensor
    """(N,): the least angle of each joint (rad)."""
    upper: Tensor
    """(N,): the greatest angle of each joint (rad)."""
    initial: Tensor
    """(N,): the angles at the start of an episode, which are also the posture preferred where there is a choice."""
    turning: Tensor
    """(3, N, 4, 4): parts A, B, C of a joint's transform A + B sin(angle) + C cos(angle) (Rodrigues' formula)."""
    capsule_link: Tensor
    """(K,) int64: the frame that each capsule moves with, 0 the base, j + 1 the link behind joint j."""
    capsule_ends: Tensor
    """(K, 2, 3): the two ends of each capsule's axis in that frame (m)."""
    capsule_radius: Tensor
    """(K,): radius of each capsule (m)."""
    capsule_colour: Tensor
    """(K, 3): red, green and blue of each capsule, 0 to 1."""

    @property
    def num_joints(self) -> int:
        """How many joints, and links behind them."""
        return len(self.axis)

    def as_tree(self) -> Tree:
        """The same for :mod:`palestra.kinematics`: frames ``base`` and ``link 1`` to ``link N``."""
        low, high, rest = (each.tolist() for each in (self.lower, self.upper, self.initial))
        joints = [Joint(f"joint {j + 1}", False, low[j], high[j], rest=rest[j]) for j in range(self.num_joints)]
        behind = zip(self.origin.cpu(), self.axis.tolist(), strict=True)
        links = [Frame(f"link {j + 1}", j, origin, j, axis) for j, (origin, axis) in enumerate(behind)]
        return make_tree(self.name, joints, [Frame("base", -1, torch.eye(4)), *links])

    def to(self, device: torch.device | str) -> "Robot":
        """The same robot with its tensors on a device."""
        moved: dict[str, Any] = {name: each.to(device) for name, each in vars(self).items() if isinstance(each, Tensor)}
        return replace(self, **moved)


@cache
def load_robot(name: str = "kuka_iiwa") -> Robot:
    """The robot of that name, on the CPU. Raises UsageError for an unknown one."""
    if name not in ROBOTS:
        raise unknown_name("robot", name, ROBOTS)
    text = resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return robot_from_data(json.loads(text))


def robot_from_data(data: dict[str, Any]) -> Robot:
    """A robot of what its JSON file says.

    That is ``name``, ``joints`` (``xyz`` and ``rpy`` of the origin as in a URDF, ``axis``, ``lower``, ``upper``),
    ``initial`` angles, and ``capsules`` (``link``, ``ends``, ``radius``, ``colour``).

    Raises UsageError where limits or initial angles contradict each other.
    """
    joints, capsules = data["joints"], data["capsules"]
    with torch.inference_mode(False):
        origin = torch.stack([_transform(joint["xyz"], joint["rpy"]) for joint in joints])
        axis, lower, upper = (
            torch.tensor([joint[key] for joint in joints], dtype=torch.float64) for key in ("axis", "lower", "upper")
        )
        axis = axis / axis.norm(dim=1, keepdim=True)
        initial = torch.tensor(data["initial"], dtype=torch.float64)
        require(len(initial) == len(joints), f"{len(initial)} initial angles", f"{len(joints)}, one for each joint")
        require(bool((lower < upper).all()), f"joint limits {lower.tolist()} to {upper.tolist()}", "lower < upper")
        inside = bool(((initial >= lower) & (initial <= upper)).all())
        require(inside, f"initial angles {initial.tolist()}", f"angles from {lower.tolist()} to {upper.tolist()}")
        x, y, z = axis.unbind(1)
        zero = torch.zeros_like(x)
        cross = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), 1).view(-1, 3, 3)
        still, sine, cosine = (torch.zeros_like(origin) for _ in range(3))
        still[:, :3, :3] = axis[:, :, None] * axis[:, None]  # R = a a^T + K sin + (I - a a^T) cos
        still[:, 3, 3] = 1.0
        sine[:, :3, :3] = cross
        cosine[:, :3, :3] = torch.eye(3, dtype=torch.float64) - still[:, :3, :3]
        return Robot(
            name=data["name"],
            origin=origin.float(),
            axis=axis.float(),
            lower=lower.float(),
            upper=upper.float(),
            initial=initial.float(),
            turning=torch.stack([origin @ part for part in (still, sine, cosine)]).float(),
            capsule_link=torch.tensor([capsule["link"] for capsule in capsules], dtype=torch.int64),
            capsule_ends=torch.tensor([capsule["ends"] for capsule in capsules]).view(-1, 2, 3),
            capsule_radius=torch.tensor([capsule["radius"] for capsule in capsules]),
            capsule_colour=torch.tensor([capsule["colour"] for capsule in capsules]).view(-1, 3),
        )


def _transform(xyz: list[float], rpy: list[float]) -> Tensor:
    """(4, 4) float64 of a URDF origin: turned about the fixed axes x, y, z by roll, pitch, yaw, then moved by xyz."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(angle), math.sin(angle)) for angle in rpy)
    return torch.tensor(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, xyz[0]],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr, xyz[1]],
            [-sp, cp * sr, cp * cr, xyz[2]],
            [0.0, 0.0, 0.0, 1.0],
        ],
        dtype=torch.float64,
    )
