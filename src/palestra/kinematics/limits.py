"""Limits: what a robot's next step may not do, each as half-spaces G dq <= h."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from palestra.errors import require
from palestra.kinematics.motion import jacobian
from palestra.kinematics.tree import Tree


@dataclass(frozen=True, eq=False)
class Limit(ABC):
    """Half-spaces."""

    @abstractmethod
    def rows(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor, seconds: float) -> tuple[Tensor, Tensor]:
        """G (B, L, Q) and h (B, L) of a step that takes so many seconds."""


@dataclass(frozen=True, eq=False)
class JointLimit(Limit):
    """Every joint stays between its limits: of the way to one of them a step goes no more than a share."""

    gain: float = 0.95
    margin: float = 0.0
    """rad or m that are kept free before each limit."""

    def __post_init__(self) -> None:
        require(0 < self.gain <= 1, f"gain={self.gain:g} of a limit", "0 < gain <= 1")

    def rows(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor, seconds: float) -> tuple[Tensor, Tensor]:
        """Up to the upper one, and down to the lower one, of the joints that have them."""
        up = self.gain * (tree.upper_Q - self.margin - q_BQ)
        down = self.gain * (q_BQ - tree.lower_Q - self.margin)
        return _between(up, down)


@dataclass(frozen=True, eq=False)
class SpeedLimit(Limit):
    """No joint is faster than its limit."""

    speed: Any = None
    """(Q,) rad/s or m/s; what the robot's file says if None."""

    def rows(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor, seconds: float) -> tuple[Tensor, Tensor]:
        """The same way forwards and backwards, of the joints that have one."""
        given = tree.speed_Q if self.speed is None else self.speed
        speed_Q = torch.as_tensor(given, dtype=q_BQ.dtype, device=q_BQ.device)
        good = tuple(speed_Q.shape) == (len(tree.joints),)
        require(good, f"speed of shape {tuple(speed_Q.shape)}", f"({len(tree.joints)},): one of each joint")
        way_BQ = (seconds * speed_Q).expand_as(q_BQ)
        return _between(way_BQ, way_BQ)


@dataclass(frozen=True, eq=False)
class PlaneLimit(Limit):
    """A frame's origin x stays on one side of a plane: normal x <= most. A table, a wall."""

    end: str
    normal: Sequence[float]
    """A direction of any length, seen from the base."""
    most: float
    """m, along the normal of length one."""
    gain: float = 0.95
    """Of the way to the plane a step goes no more than so much."""

    def rows(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor, seconds: float) -> tuple[Tensor, Tensor]:
        """One, to the first order."""
        normal_3 = q_BQ.new_tensor(list(self.normal))
        length = float(normal_3.norm())
        require(len(normal_3) == 3 and length > 0, f"normal={self.normal}", "three numbers, not all 0")
        normal_3 = normal_3 / length
        left_B = self.most - frame_BR44[:, tree.place(self.end), :3, 3] @ normal_3
        toward_B1Q = (normal_3 @ jacobian(tree, frame_BR44, self.end)[:, :3])[:, None]
        return toward_B1Q, self.gain * left_B[:, None]


def _between(up_BQ: Tensor, down_BQ: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of dq <= up and of -dq <= down, where these are finite."""
    eye_QQ = torch.eye(up_BQ.shape[1]).to(up_BQ)
    above, below = (each.isfinite().all(0) for each in (up_BQ, down_BQ))
    rows_LQ = torch.cat((eye_QQ[above], -eye_QQ[below]))
    return rows_LQ.expand(len(up_BQ), *rows_LQ.shape), torch.cat((up_BQ[:, above], down_BQ[:, below]), 1)
