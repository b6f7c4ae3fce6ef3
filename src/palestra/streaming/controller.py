"""From measurements to commands, without a wire: what is believed, who watches, and when it stops.

It moves while measurements are fresh, and brakes and holds while they are not. What is wrong with the policy or with
the robot itself stops it for good: numbers that are none, an error, a robot that is not where it was told to be.
"""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np

from palestra.errors import require
from palestra.streaming.governor import Floats, Governor
from palestra.streaming.protocol import Command, Measurement

DRIFT = 1e-3
"""Seconds a second by which the robot's clock may be slower than ours and not count as late."""

Wanting = Callable[[Measurement], Floats]
"""Joint speeds (Q,) that are wanted, from what was measured last."""


class Controller:
    """One robot's.

    Args:
        governor: whose limits hold.
        wanting: the policy.
        watchdog: s after which what was measured last is too old to move by.
        tracking: rad or m that a joint may be from where it was told to be.
    """

    def __init__(self, governor: Governor, wanting: Wanting, *, watchdog: float = 0.1, tracking: float = 0.3):
        for name, value in (("watchdog", watchdog), ("tracking", tracking)):
            require(0 < value < math.inf, f"{name}={value}", "a positive number")
        self.governor, self.wanting, self.watchdog, self.tracking = governor, wanting, watchdog, tracking
        self.last: Measurement | None = None
        self.fault = ""
        """Why it has stopped for good; empty while it has not."""
        self.counts: Counter[str] = Counter()
        """Measurements by what became of them, ``fresh``, ``again``, ``late``, and periods without a fresh one."""
        self._offset = math.inf
        """The least difference seen of our clock and the robot's: what is later than that has waited on its way."""
        self._heard_at = 0.0
        self._seq = 0

    @property
    def begun(self) -> bool:
        """Whether anything was measured yet."""
        return self.last is not None

    def heard(self, given: Measurement, now: float) -> None:
        """Believe a measurement, or not: what comes twice or after a later one changes nothing.

        Raises UsageError where the first one says that the robot stands beyond its limits.
        """
        if self.last is None:
            self.governor.begin(given.q_Q)
        elif given.seq == self.last.seq:
            self.counts["again"] += 1
            return
        elif given.seq < self.last.seq or given.time <= self.last.time:
            self.counts["late"] += 1
            return
        drifted = self._offset + DRIFT * (now - self._heard_at)
        self._offset, self._heard_at = min(drifted, now - given.time), now
        self.last = given
        self.counts["fresh"] += 1

    def age(self, now: float) -> float:
        """Seconds since the last measurement was made, as far as can be told; infinite before the first."""
        return math.inf if self.last is None else now - self.last.time - self._offset

    def tick(self, now: float) -> Command:
        """The command of this period. There has to have been a measurement."""
        assert self.last is not None
        wanted_Q = self._wanted(now)
        q_Q = self.governor.brake() if wanted_Q is None else self.governor.step(wanted_Q)
        state = "moving" if wanted_Q is not None else "holding" if self.governor.stands else "stopping"
        self._seq += 1
        return Command(self._seq, now, q_Q, self.governor.v_Q.copy(), self.last.seq, state)

    def _wanted(self, now: float) -> Floats | None:
        """What the policy wants; None where nobody is to be believed."""
        assert self.last is not None
        if self.fault:
            return None
        if self.age(now) > self.watchdog:
            self.counts["blind"] += 1
            return None
        far = np.abs(self.last.q_Q - self.governor.q_Q)
        if far.max() > self.tracking:
            name = self.governor.tree.joints[int(far.argmax())].name
            self.fault = f"{name} is {far.max():.3g} from where it was told to be, more than {self.tracking:g}"
            return None
        try:
            wanted_Q = np.asarray(self.wanting(self.last), np.float64)
        except Exception as error:  # whatever it is, the robot has to stop
            self.fault = f"the policy failed: {type(error).__name__}: {error}"
            return None
        if wanted_Q.shape != self.governor.q_Q.shape or not np.isfinite(wanted_Q).all():
            self.fault = f"the policy wants {wanted_Q.tolist()}, not a number for each joint"
            return None
        return wanted_Q
