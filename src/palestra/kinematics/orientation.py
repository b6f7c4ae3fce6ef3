"""The five ways in which a MuJoCo file says how something is turned."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from palestra.errors import require
from palestra.kinematics.document import numbers
from palestra.kinematics.rotations import about, from_quaternion


@dataclass(frozen=True)
class Angles:
    """How a file's angles are meant."""

    names: ClassVar[frozenset[str]] = frozenset({"quat", "axisangle", "euler", "xyaxes", "zaxis"})
    """Attributes of an orientation."""
    degrees: bool = True
    sequence: str = "xyz"
    """Axes of Euler angles: small letters turn with the body, capitals stand still."""

    def __post_init__(self) -> None:
        good = len(self.sequence) == 3 and set(self.sequence) <= set("xyzXYZ")
        require(good, f"eulerseq={self.sequence!r}", "three of x, y, z, X, Y and Z")


def orientation(attributes: Mapping[str, str], angles: Angles, owner: str) -> Tensor:
    """(3, 3) float64. UsageError where two of the ways contradict one another, or a direction has no length."""
    said = sorted(Angles.names & set(attributes))
    require(len(said) <= 1, f"{' and '.join(said)} of {owner}", "one way to say an orientation")
    scale = math.pi / 180 if angles.degrees else 1.0
    match said:
        case ["quat"]:
            w, x, y, z = numbers(attributes, "quat", "", 4, owner)
            require(max(abs(w), abs(x), abs(y), abs(z)) > 0, f"quat of {owner} of no length", "a quaternion")
            return from_quaternion(w, x, y, z)
        case ["axisangle"]:
            *axis, angle = numbers(attributes, "axisangle", "", 4, owner)
            return about(_direction(axis, "axisangle", owner).tolist(), scale * angle)
        case ["euler"]:
            turned = torch.eye(3, dtype=torch.float64)
            for letter, angle in zip(angles.sequence, numbers(attributes, "euler", "", 3, owner), strict=True):
                step = about([float(each == letter.lower()) for each in "xyz"], scale * angle)
                turned = turned @ step if letter.islower() else step @ turned
            return turned
        case ["xyaxes"]:
            six = numbers(attributes, "xyaxes", "", 6, owner)
            x_3, y_3 = _direction(six[:3], "xyaxes", owner), torch.tensor(six[3:], dtype=torch.float64)
            y_3 = _direction((y_3 - (y_3 @ x_3) * x_3).tolist(), "xyaxes", owner)
            return torch.stack((x_3, y_3, torch.linalg.cross(x_3, y_3)), 1)
        case ["zaxis"]:
            z_3 = _direction(numbers(attributes, "zaxis", "", 3, owner), "zaxis", owner)
            x, y, z = z_3.tolist()
            sine = math.hypot(x, y)  # the least turn that brings (0, 0, 1) there
            return about((-y, x, 0.0) if sine > 1e-10 else (1.0, 0.0, 0.0), math.atan2(sine, z))
    return torch.eye(3, dtype=torch.float64)


def _direction(vector: list[float], name: str, owner: str) -> Tensor:
    made = torch.tensor(vector, dtype=torch.float64)
    length = float(torch.linalg.vector_norm(made))
    require(length > 1e-9, f"{name} of {owner} of no length", "a direction")
    return made / length
