"""What goes over the wire: one JSON object a line, UTF-8, each with a number that rises and a time of its sender.

    we say first    {"stream": 1, "token": "...", "joints": ["a1", ...], "period": 0.02}
    the robot       {"stream": 1, "joints": ["a1", ...]}                          or  {"error": "..."}
    the robot then  {"seq": 7, "time": 1.25, "q": [...], "obs": [...]}            as often as it likes
    we              {"seq": 3, "time": 0.06, "q": [...], "v": [...], "heard": 7, "state": "moving"}    once a period

``time`` is in seconds of any clock that never goes back; ``q`` in rad and m, ``v`` per second, in the order of the
joints. ``obs``, where it is, is what the policy's world would have shown. ``heard`` is the last measurement that was
believed, -1 for none. A robot that hears no new command for long has to stop by itself: nobody else can.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.errors import PalestraError

VERSION = 1
LONGEST_LINE = 1 << 20
"""Bytes."""


@dataclass(frozen=True)
class Measurement:
    """What a robot says of itself."""

    seq: int
    time: float
    q_Q: NDArray[np.float64]
    obs: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Command:
    """What a robot is told."""

    seq: int
    time: float
    q_Q: NDArray[np.float64]
    v_Q: NDArray[np.float64]
    heard: int
    state: str
    """``moving``, ``stopping`` or ``holding``."""

    def line(self) -> bytes:
        """As it is sent."""
        said = {"seq": self.seq, "time": self.time, "q": self.q_Q.tolist(), "v": self.v_Q.tolist(),
                "heard": self.heard, "state": self.state}  # fmt: skip
        return as_line(said)


class Lines:
    """Bytes as they come in, taken apart into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def taken(self, data: bytes) -> list[bytes]:
        """The lines that are whole now. PalestraError where one does not end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise PalestraError(f"a line of more than {LONGEST_LINE:,} bytes; expected one JSON object a line")
        return lines


def as_line(said: dict[str, Any]) -> bytes:
    """One object as one line."""
    return json.dumps(said, allow_nan=False).encode() + b"\n"


def object_of(line: bytes) -> dict[str, Any] | None:
    """The object that a line holds; None for anything else, NaN and infinity within it included."""
    try:
        said = json.loads(line, parse_constant=_refused)
    except (ValueError, RecursionError):  # a text that is no UTF-8 is a ValueError too
        return None
    return said if isinstance(said, dict) else None


def measurement_of(line: bytes, joints: int) -> Measurement | None:
    """The measurement of so many joints that a line holds; None for a line that holds none."""
    said = object_of(line)
    if said is None or type(said.get("seq")) is not int or said["seq"] < 0:
        return None
    time, q_Q = _numbers([said.get("time")]), _numbers(said.get("q"))
    obs = None if said.get("obs") is None else _numbers(said["obs"])
    if time is None or q_Q is None or len(q_Q) != joints or (obs is None) != (said.get("obs") is None):
        return None
    return Measurement(said["seq"], float(time[0]), q_Q, obs)


def _numbers(given: Any) -> NDArray[np.float64] | None:
    """A list of finite numbers; None for anything else."""
    if not isinstance(given, list) or not all(type(each) in (int, float) for each in given):
        return None
    try:
        values = [float(each) for each in given]
    except OverflowError:
        return None
    return np.array(values) if all(map(math.isfinite, values)) else None


def _refused(name: str) -> Any:
    raise ValueError(name)
