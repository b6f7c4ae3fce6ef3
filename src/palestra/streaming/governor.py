r"""What a robot is told next: as near to what is wanted as its limits allow, and never anything it could not stop from.

A command is a configuration; between two lie ``period`` seconds. Of every joint they keep its ends, its speed and its
acceleration, and the tool stays within a box. Two rules do it, each by induction from a robot that stands still within
all limits:

*Ends.* A joint that moves with v and brakes by a in each period T comes as far as

    D(v) = T (v + (v - aT)+ + (v - 2aT)+ + ...)

and may move by v only if D(v) is left before its end. Having moved so, D(v - aT) is left: braking is always allowed. D
is linear between the multiples of aT, and is inverted in closed form.

*Box.* What is wanted is told only if the whole way from there to a stand, all joints braking, keeps the tool within the
box; else a part of it, and else the robot brakes, which the command before has been tried for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.errors import require
from palestra.kinematics.motion import forward
from palestra.kinematics.tree import Tree

Floats = NDArray[np.float64]
PARTS = (1.0, 0.75, 0.5, 0.25)
"""Of the way from braking to what is wanted, the largest first that the box allows."""
ROUNDED = 1e-9
"""Of what a period brakes: less speed than that is left by rounding, and is none."""
LONGEST = 1_000
"""Periods that a robot may take to stop from its full speed."""


@dataclass(frozen=True)
class StreamLimits:
    """What no command leaves."""

    acceleration: float | Sequence[float]
    """rad/s^2 or m/s^2, of each joint or of all."""
    speed: float | Sequence[float] | None = None
    """rad/s or m/s, of each joint or of all; what the robot's file says if None."""
    end: str = ""
    """The frame that is the tool, where there is a box."""
    box: tuple[Sequence[float], Sequence[float]] | None = None
    """(m) the least and the largest x, y, z of the tool's origin, seen from the base; None for no box."""


class Governor:
    """The commands to one robot, one after the other.

    Args:
        tree: the robot, with the ends of its joints.
        limits: besides.
        period: s between two commands.

    Raises UsageError for limits that are none, and where a stop would take more than ``LONGEST`` periods.
    """

    def __init__(self, tree: Tree, limits: StreamLimits, period: float):
        require(0 < period < math.inf, f"period={period}", "seconds between two commands")
        number = len(tree.joints)
        self.tree, self.period, self.box = tree.to(torch.float64), period, limits.box
        self.lower_Q, self.upper_Q = (each.numpy() for each in (self.tree.lower_Q, self.tree.upper_Q))
        given = self.tree.speed_Q.numpy() if limits.speed is None else limits.speed
        self.speed_Q = _each("speed", given, number)
        self.brake_Q = _each("acceleration", limits.acceleration, number) * period
        """By how much a joint's speed changes in a period at most."""
        self.periods = math.ceil(float((self.speed_Q / self.brake_Q).max()))
        said = f"a stop of {self.periods:,} periods of {period:g} s from full speed"
        require(self.periods <= LONGEST, said, f"at most {LONGEST:,}: more acceleration, less speed, a longer period")
        if limits.box is not None:
            self.place = tree.place(limits.end)
            self.low_3, self.high_3 = (np.asarray(side, np.float64) for side in limits.box)
            rising = self.low_3.shape == self.high_3.shape == (3,) and bool((self.low_3 < self.high_3).all())
            require(rising, f"box={limits.box}", "the least x, y, z and the largest, each larger than its least")
        self.q_Q, self.v_Q = np.zeros(number), np.zeros(number)

    @property
    def stands(self) -> bool:
        """Whether the last command was where the one before it was."""
        return not self.v_Q.any()

    def begin(self, q_Q: Floats) -> None:
        """Stand still at a configuration (Q,). UsageError for one that is not within the limits."""
        q_Q = np.array(q_Q, np.float64)
        out = [joint.name for joint, low, q, high in zip(self.tree.joints, self.lower_Q, q_Q, self.upper_Q)
               if not low <= q <= high]  # fmt: skip
        require(
            not out, f"a robot that stands with {', '.join(out)} beyond its end", "one that stands within its limits"
        )
        tool = f"a robot whose {self.tree.frames[self.place].name} stands out of the box" if self.box else ""
        require(bool(self.within(q_Q[None])[0]), tool, "one that stands within it")
        self.q_Q, self.v_Q = q_Q, np.zeros(len(q_Q))

    def step(self, wanted_Q: Floats) -> Floats:
        """The next command (Q,) towards joint speeds (Q,), which have to be numbers."""
        return self._moved(self._allowed(self._viable(wanted_Q)))

    def brake(self) -> Floats:
        """The next command (Q,) of a robot that is to stand as soon as it can."""
        return self._moved(self._braking(self.v_Q))

    def within(self, q_BQ: Floats) -> NDArray[np.bool_]:
        """(B,) whether the tool is within the box."""
        if self.box is None:
            return np.ones(len(q_BQ), np.bool_)
        tool_B3 = forward(self.tree, torch.from_numpy(q_BQ))[:, self.place, :3, 3].numpy()
        inside: NDArray[np.bool_] = np.all((tool_B3 >= self.low_3) & (tool_B3 <= self.high_3), axis=1)
        return inside

    def _viable(self, wanted_Q: Floats) -> Floats:
        """The nearest speeds that speed, acceleration and the ends of joints allow."""
        up_Q, down_Q = (self._stopping(left_Q) for left_Q in (self.upper_Q - self.q_Q, self.q_Q - self.lower_Q))
        most_Q = np.minimum(np.minimum(self.v_Q + self.brake_Q, self.speed_Q), up_Q)
        least_Q = np.maximum(np.maximum(self.v_Q - self.brake_Q, -self.speed_Q), -down_Q)
        return np.clip(wanted_Q, np.minimum(least_Q, most_Q), most_Q)

    def _stopping(self, left_Q: Floats) -> Floats:
        """The largest speeds whose D is what is left (Q,)."""
        left_Q = np.maximum(left_Q, 0.0) / (self.brake_Q * self.period)
        free_Q = np.isinf(left_Q)  # a joint without an end
        left_Q = np.where(free_Q, 0.0, left_Q)
        whole_Q = np.floor((np.sqrt(1.0 + 8.0 * left_Q) - 1.0) / 2.0)
        speed_Q = (whole_Q + (left_Q - whole_Q * (whole_Q + 1.0) / 2.0) / (whole_Q + 1.0)) * self.brake_Q
        return np.where(free_Q, np.inf, speed_Q)

    def _braking(self, v_Q: Floats) -> Floats:
        left_Q = np.abs(v_Q) - self.brake_Q
        braked: Floats = np.sign(v_Q) * np.where(left_Q > ROUNDED * self.brake_Q, left_Q, 0.0)
        return braked

    def _allowed(self, v_Q: Floats) -> Floats:
        """As much of speeds as leaves a way to stop within the box."""
        if self.box is None:
            return v_Q
        brake_Q = self._braking(self.v_Q)
        tried_SQ = brake_Q + np.array(PARTS)[:, None] * (v_Q - brake_Q)
        fading_N11 = np.arange(self.periods + 1)[:, None, None]
        speed_NSQ = np.sign(tried_SQ) * np.maximum(np.abs(tried_SQ) - fading_N11 * self.brake_Q, 0.0)
        way_NSQ = self.q_Q + np.cumsum(speed_NSQ, 0) * self.period
        inside_NS = self.within(way_NSQ.reshape(-1, len(v_Q))).reshape(len(way_NSQ), -1)
        allowed_S = inside_NS.all(0)
        if not allowed_S.any():
            return brake_Q
        allowed_Q: Floats = tried_SQ[int(allowed_S.argmax())]
        return allowed_Q

    def _moved(self, v_Q: Floats) -> Floats:
        self.v_Q = v_Q
        self.q_Q = np.clip(self.q_Q + v_Q * self.period, self.lower_Q, self.upper_Q)  # but for rounding as it is
        return self.q_Q.copy()


def _each(name: str, given: float | Sequence[float] | Floats, number: int) -> Floats:
    """A positive number of each joint."""
    values = np.asarray(given, np.float64)
    good = values.ndim == 0 or values.shape == (number,)
    good = good and bool((np.isfinite(values) & (values > 0)).all())
    require(good, f"{name}={given}", f"a positive number, or one of each of {number} joints")
    return np.broadcast_to(values, number).copy()
