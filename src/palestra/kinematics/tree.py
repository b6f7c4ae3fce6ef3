"""A robot as data: joints that turn or slide, the frames that they carry, and limits. No file stands behind it."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import torch
from torch import Generator, Tensor

from palestra.errors import require, unknown_name
from palestra.kinematics.rotations import skew

FREE_TURN, FREE_SLIDE = 2 * math.pi, 2.0
"""Radians and metres over which a joint without limits is drawn."""


@dataclass(frozen=True)
class Joint:
    """A joint that moves."""

    name: str
    slides: bool = False
    """So that its values are metres, rather than radians."""
    lower: float = -math.inf
    """The least value, rad or m; minus infinity where there is none."""
    upper: float = math.inf
    speed: float = math.inf
    """At most, rad/s or m/s."""
    rest: float = 0.0
    """The value preferred where there is a choice."""


@dataclass(frozen=True)
class Frame:
    """A link or a site, or what stands between two joints of one body. At most one joint moves it in its parent."""

    name: str
    parent: int
    """Place of the frame that it hangs from among all frames, before its own; -1 for none."""
    offset: Tensor
    """(4, 4): where it stands in its parent with its joint at zero."""
    joint: int = -1
    """Place of its joint among those that move; -1 for none."""
    axis: Sequence[float] = (0.0, 0.0, 1.0)
    """Of its motion, in its own frame; of any length but zero."""
    slides: bool = False
    """Along its axis, rather than turning about it: as its joint does, unless it mimics one of the other kind."""
    factor: float = 1.0
    """It moves by so much times the value of its joint: other than 1 where it mimics another's."""
    shift: float = 0.0
    """And by so much besides."""


@dataclass(frozen=True, eq=False)
class Tree:
    """A robot: frames that hang from one another, and joints that move them. :func:`make_tree` makes it."""

    name: str
    joints: tuple[Joint, ...]
    """Those that move, in the order of a configuration."""
    frames: tuple[Frame, ...]
    """Parents before their children; the first is the base."""
    parts: Tensor
    """(4, R, 4, 4): A, B, C, D of what a frame is in its parent, A + B sin v + C cos v + D v (Rodrigues' formula)."""
    axis_R3: Tensor
    factor_R: Tensor
    """Zero where no joint moves a frame."""
    shift_R: Tensor
    lower_Q: Tensor
    upper_Q: Tensor
    speed_Q: Tensor
    rest_Q: Tensor

    @property
    def ends(self) -> tuple[str, ...]:
        """Names of the frames from which nothing hangs."""
        parents = {frame.parent for frame in self.frames}
        return tuple(frame.name for i, frame in enumerate(self.frames) if i not in parents)

    def place(self, end: str) -> int:
        """Which frame has that name. UsageError where none has."""
        names = [frame.name for frame in self.frames]
        if end not in names:
            raise unknown_name(f"frame of {self.name!r}", end, names)
        return names.index(end)

    def way(self, place: int) -> list[int]:
        """Places of the frames from the base to one of them that a joint moves."""
        found = []
        while place >= 0:
            if self.frames[place].joint >= 0:
                found.append(place)
            place = self.frames[place].parent
        return found[::-1]

    @cached_property
    def joint_of_frame(self) -> Tensor:
        """(R,) int64 places of the joints; 0 where there is none."""
        with torch.inference_mode(False):
            return torch.tensor([max(frame.joint, 0) for frame in self.frames], device=self.parts.device)

    @cached_property
    def slides_R(self) -> Tensor:
        """(R,) bool: whether a frame slides."""
        with torch.inference_mode(False):
            return torch.tensor([frame.slides for frame in self.frames], device=self.parts.device)

    def to(self, kind: torch.dtype | torch.device | str) -> "Tree":
        """The same of another precision, or on another device."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {key: each.to(kind) for key, each in held.items() if isinstance(each, Tensor)}
        return replace(self, **moved)

    def towards(self, *ends: str) -> "Tree":
        """What of it carries these frames, for speed: all joints, and of the frames those that move and the ends.

        What is fixed between them becomes part of the next.
        """
        named = {self.place(end) for end in ends}
        wanted = set(named)
        for place in sorted(range(len(self.frames)), reverse=True):
            if place in wanted and self.frames[place].parent >= 0:
                wanted.add(self.frames[place].parent)
        kept: list[Frame] = []
        hangs: dict[int, tuple[int, Tensor]] = {-1: (-1, torch.eye(4, dtype=torch.float64))}
        for place in sorted(wanted):
            frame = self.frames[place]
            parent, offset = hangs[frame.parent]
            here = offset @ frame.offset
            if frame.joint < 0 and place not in named:
                hangs[place] = (parent, here)
                continue
            hangs[place] = (len(kept), torch.eye(4, dtype=torch.float64))
            kept.append(replace(frame, parent=parent, offset=here))
        return make_tree(self.name, self.joints, kept).to(self.parts.dtype).to(self.parts.device)

    def drawn(self, count: int, rng: Generator) -> Tensor:
        """(count, Q) configurations within the limits, each as likely as any other."""
        low_Q, high_Q = torch.tensor([_span(joint) for joint in self.joints], dtype=torch.float64).unbind(1)
        uniform_BQ = torch.rand(count, len(self.joints), generator=rng, dtype=torch.float64)
        return (low_Q + (high_Q - low_Q) * uniform_BQ).to(self.rest_Q)

    def within(self, q_BQ: Tensor) -> Tensor:
        """The nearest configurations that the limits allow."""
        return torch.minimum(torch.maximum(q_BQ, self.lower_Q), self.upper_Q)


def make_tree(name: str, joints: Sequence[Joint], frames: Sequence[Frame]) -> Tree:
    """A robot of its joints and frames, float64 on the CPU; UsageError for one without joints or at odds with itself.

    A ``rest`` beyond its limits gives way to their middle.
    """
    require(bool(joints), f"robot {name!r} without a joint that moves", "one joint that turns or slides, at least")
    for kind, names in (("joint", [j.name for j in joints]), ("frame", [f.name for f in frames])):
        twice = sorted(each for each, times in Counter(names).items() if times > 1)
        said = ", ".join(map(repr, twice[:6]))
        require(not twice, f"robot {name!r} with two {kind}s named {said}", "names that differ")
    for joint in joints:
        given = f"joint {joint.name!r} with limits {joint.lower:g} to {joint.upper:g}"
        require(joint.lower <= joint.upper, given, "a lower limit that is not above the upper one")
        require(joint.speed >= 0, f"joint {joint.name!r} with a speed of {joint.speed:g}", "0 or more")
    axes = torch.tensor([list(frame.axis) for frame in frames], dtype=torch.float64)
    length = axes.norm(dim=1)
    for frame, each in zip(frames, length.tolist(), strict=True):
        moves = frame.joint >= 0
        require(not moves or each > 1e-9, f"an axis of {list(frame.axis)} of frame {frame.name!r}", "a direction")
    axes = axes / length.clamp_min(1e-9)[:, None]
    with torch.inference_mode(False):
        return Tree(
            name,
            tuple(replace(joint, rest=_rest(joint)) for joint in joints),
            tuple(replace(frame, offset=frame.offset.double()) for frame in frames),
            _parts(frames, axes),
            axes,
            *(torch.tensor([float(f.joint >= 0) * x for f, x in zip(frames, of, strict=True)], dtype=torch.float64)
              for of in ([f.factor for f in frames], [f.shift for f in frames])),
            *(torch.tensor(of, dtype=torch.float64) for of in (
                [j.lower for j in joints], [j.upper for j in joints], [j.speed for j in joints],
                [_rest(j) for j in joints],
            )),
        )  # fmt: skip


def _rest(joint: Joint) -> float:
    return joint.rest if joint.lower <= joint.rest <= joint.upper else _middle(joint)


def _middle(joint: Joint) -> float:
    """Of its limits; the one that there is, where there is one alone."""
    known = [each for each in (joint.lower, joint.upper) if math.isfinite(each)]
    return sum(known) / len(known)


def _parts(frames: Sequence[Frame], axis_R3: Tensor) -> Tensor:
    """R(v) = a a' + [a] sin v + (1 - a a') cos v about the axis a, or a v along it, behind the offset of each frame."""
    offset_R44 = torch.stack([frame.offset.double() for frame in frames])
    still, sine, cosine, slide = (torch.zeros_like(offset_R44) for _ in range(4))
    cross_R33, outer_R33 = skew(axis_R3), axis_R3[:, :, None] * axis_R3[:, None]
    for i, frame in enumerate(frames):
        if frame.joint < 0:
            still[i] = torch.eye(4)
        elif frame.slides:
            still[i], slide[i, :3, 3] = torch.eye(4), axis_R3[i]
        else:
            still[i, :3, :3], still[i, 3, 3] = outer_R33[i], 1.0
            sine[i, :3, :3], cosine[i, :3, :3] = cross_R33[i], torch.eye(3) - outer_R33[i]
    return torch.stack([offset_R44 @ part for part in (still, sine, cosine, slide)])


def _span(joint: Joint) -> tuple[float, float]:
    """Its limits, or a whole turn or two metres beside the one that it has, or about zero."""
    free = FREE_SLIDE if joint.slides else FREE_TURN
    low = -free / 2 if math.isinf(joint.upper) else joint.upper - free
    low = joint.lower if math.isfinite(joint.lower) else low
    return low, joint.upper if math.isfinite(joint.upper) else low + free
