"""How the twin's joints follow what they are told: late and not quite, as motors do, or exactly.

A joint goes towards its target as fast as it is away from it, and comes to rest a little beside it:

    dq/dt = (u(t) + sag - q) / lag,    u(t) = from + (to - from) p(t)

with the path p of the simulators (``MOVING`` of ``SUBSTEPS`` in :mod:`~palestra.envs.arm.sim`), so that one movement of
T seconds is q' = e q + (1 - e - g) from + g to + (1 - e) sag, e = exp(-T / lag), g the integral of
p(t) exp(-(T - t) / lag) / lag. Of a motor that pulls by stiffness k and is held by friction d, as those of
``mujoco_models``, lag is d / k and sag what weighs on it over k; its inertia is left out.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from palestra.envs.arm.looks import MAX_LATENCY, Range
from palestra.errors import UsageError, require, unknown_name

MOVEMENT, PATH = 32 / 240, 28 / 240
"""Seconds of one movement, and of the part in which targets move."""
LONGEST_LAG, LARGEST_SAG = 1.0, 0.5
SHORTEST = 1e-6
"""Seconds that stand for no lag at all."""
_SHARE, _PART = (1 + np.polynomial.legendre.leggauss(24)[0]) / 2, np.polynomial.legendre.leggauss(24)[1] / 2
_MOVING = list(zip((MOVEMENT - PATH * _SHARE).tolist(), (_PART * 6 * (_SHARE - _SHARE**2)).tolist()))
"""Of Gauss and Legendre's points of the path: seconds that are left there, and p'(t) times the weight."""


@dataclass(frozen=True)
class Drive:
    """One arm's motors. One number stands for all joints, or there is one for each."""

    lag: tuple[float, ...] = (0.0,)
    """Seconds by which a joint follows late; 0 for exactly."""
    sag: tuple[float, ...] = (0.0,)
    """Radians beside its target at which it comes to rest."""
    latency: int = 0
    """Steps by which every action is late."""

    def __post_init__(self) -> None:
        for name in ("lag", "sag"):
            given = getattr(self, name)
            values = (given,) if isinstance(given, int | float) else tuple(given)
            object.__setattr__(self, name, tuple(float(value) for value in values))
        inside = all(0 <= x <= LONGEST_LAG for x in self.lag)
        require(inside, f"lag={self.lag}", f"seconds from 0 to {LONGEST_LAG}")
        inside = all(abs(x) <= LARGEST_SAG for x in self.sag)
        require(inside, f"sag={self.sag}", f"radians from -{LARGEST_SAG} to {LARGEST_SAG}")
        require(0 <= self.latency <= MAX_LATENCY, f"latency={self.latency}", f"steps from 0 to {MAX_LATENCY}")


@dataclass(frozen=True)
class Drives:
    """What may vary from episode to episode, each number drawn uniformly. The defaults are joints that obey exactly."""

    lag: Range = (0.0, 0.0)
    """Seconds, the same for all joints of an arm."""
    sag: float = 0.0
    """Each joint comes to rest up to this far beside its target (rad)."""


LEVELS = {
    "none": Drives(),
    "low": Drives((0.0, 0.03), 0.005),
    "medium": Drives((0.0, 0.08), 0.01),
    "high": Drives((0.0, 0.15), 0.02),
}
"""The named levels; every range of one lies within that of the next."""
AUTOMATIC = "automatic"
"""The level that begins as "none" and grows while success holds (:mod:`palestra.envs.arm.growth`)."""
Given = str | Mapping[str, Any] | Drive
"""A level's name, or the motors themselves, as a mapping where they have to be saved."""


def drive_level(given: Given) -> Drive | Drives:
    """The motors, or the level of that name, which of "automatic" is its beginning. UsageError for what is neither."""
    if isinstance(given, Drive):
        return given
    if isinstance(given, str):
        if given not in (*LEVELS, AUTOMATIC):
            raise unknown_name("level of the drive", given, (*LEVELS, AUTOMATIC))
        return LEVELS.get(given, LEVELS["none"])
    known = [field.name for field in fields(Drive)]
    for name in given:
        if name not in known:
            raise unknown_name("number of the drive", name, known)
    try:
        return Drive(**given)
    except (TypeError, ValueError) as error:
        raise UsageError(f"drive={dict(given)}; expected numbers for {', '.join(known)}") from error


def drawn(level: Drives, uniform_BK: Tensor) -> tuple[Tensor, Tensor]:
    """Lags and sags (B, J) of uniform numbers (B, 1 + J)."""
    lag_B1 = level.lag[0] + (level.lag[1] - level.lag[0]) * uniform_BK[:, :1]
    sag_BJ = level.sag * (2 * uniform_BK[:, 1:] - 1)
    return lag_B1.expand_as(sag_BJ), sag_BJ


def draw(drive: Drive | Drives, num: int, num_joints: int, generator: Generator) -> Tensor:
    """(num, 2 J) float32: lags, then sags, of so many arms, on the generator's device."""
    if isinstance(drive, Drives):
        uniform = torch.rand(num, 1 + num_joints, generator=generator, device=generator.device)
        return torch.cat(drawn(drive, uniform), 1)
    both = (torch.tensor(each, device=generator.device).expand(num, num_joints) for each in (drive.lag, drive.sag))
    return torch.cat(list(both), 1)


def follow(joints_BJ: Tensor, from_BJ: Tensor, to_BJ: Tensor, lag_BJ: Tensor, sag_BJ: Tensor) -> Tensor:
    """(B, J) where joints are after one movement in which their targets went from one place to another."""
    stays, moved = shares(lag_BJ)
    return moved_by(joints_BJ, from_BJ, to_BJ, sag_BJ, stays, moved)


def moved_by(q: Tensor, start: Tensor, to: Tensor, sag: Tensor, stays: Tensor, moved: Tensor) -> Tensor:
    """As :func:`follow`, of joints at ``q``, the shares e and g being known."""
    return stays * q + (1 - stays - moved) * start + moved * to + (1 - stays) * sag


def shares(lag: Tensor) -> tuple[Tensor, Tensor]:
    """The shares e and g of a movement; by parts, g = 1 - integral of p'(t) exp(-(T - t) / lag), 1 without a lag."""
    rate = 1 / lag.clamp_min(SHORTEST)
    stays, moved = torch.exp(-MOVEMENT * rate), torch.ones_like(lag)
    for left, weight in _MOVING:
        moved = moved - weight * torch.exp(-left * rate)
    return stays, moved


def shares_by_lag(lag: Tensor) -> tuple[Tensor, Tensor]:
    """The derivatives of e and g by the lag."""
    rate = 1 / lag.clamp_min(SHORTEST)
    stays, moved = MOVEMENT * torch.exp(-MOVEMENT * rate), torch.zeros_like(lag)
    for left, weight in _MOVING:
        moved = moved - weight * left * torch.exp(-left * rate)
    return stays * rate**2, moved * rate**2


def check_fit(drive: Drive | Drives, num_joints: int) -> None:
    """UsageError for motors of another number of joints."""
    if isinstance(drive, Drive):
        for name in ("lag", "sag"):
            count = len(getattr(drive, name))
            require(count in (1, num_joints), f"{count} numbers of {name}", f"one, or {num_joints}, one for each joint")


def is_exact(given: Given) -> bool:
    """Whether joints are where they are told to be."""
    drive = drive_level(given)
    if given == AUTOMATIC:
        return False
    if isinstance(drive, Drives):
        return drive == Drives()
    return not any(drive.lag) and not any(drive.sag)


def describe(drive: Drive) -> dict[str, Any]:
    """As ``env_kwargs`` take it, and JSON keeps it."""
    rounded = {name: [round(x, 6) for x in getattr(drive, name)] for name in ("lag", "sag")}
    assert all(math.isfinite(x) for values in rounded.values() for x in values)
    return {**rounded, "latency": drive.latency}
