"""The state of the twin's arms: named parts, side by side in one row of a tensor."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class ArmState(NamedTuple):
    """The parts of B rows."""

    joints: Tensor
    """(B, J) angles (rad)."""
    place: Tensor
    """(B, K) the task's place: where the object is, and what else the task has put there."""
    look: Tensor
    """(B, L) the look; :func:`palestra.envs.arm.looks.unpack` names its numbers."""
    shape: Tensor
    """(B, N) the object's shape, as :func:`palestra.envs.arm.solids.draw_shapes` makes it."""
    late: Tensor
    """(B, A latency) the actions still under way, the newest first."""
    command: Tensor
    """(B, J) the angles that the joints were last told; (B, 0) where they are there already."""
    drive: Tensor
    """(B, 2 J) lag and sag of every joint, as :func:`palestra.envs.arm.drive.draw` makes them; (B, 0) likewise."""
    probe: Tensor
    """(B, 1) the boundary of :mod:`~palestra.envs.arm.growth` that is tried, or -1; (B, 0) where none can be."""

    def packed(self) -> Tensor:
        """The rows of one tensor."""
        return torch.cat(self, 1)

    def rows(self, which: Tensor) -> "ArmState":
        """Some of the rows, by their numbers."""
        return ArmState(*(part[which] for part in self))

    def split(self, count: int) -> Iterator["ArmState"]:
        """At most so many rows at a time."""
        return map(ArmState, *(part.split(count) for part in self))
