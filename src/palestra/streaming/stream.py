"""The wire and the clock: a controller beside a robot that listens on a socket."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from palestra.errors import PalestraError, UsageError, require
from palestra.streaming.controller import Controller
from palestra.streaming.protocol import VERSION, Lines, as_line, measurement_of, object_of

ANSWER_SECONDS = 10.0
"""In which a robot has to answer, and to say for the first time where it is."""


@dataclass(frozen=True)
class Streamed:
    """How a stream ended."""

    why: str
    """``done``, ``cut``, or what was wrong."""
    commands: int
    seconds: float
    counts: dict[str, int]
    """Measurements: ``fresh``, ``again``, ``late``, ``damaged``; and ``blind`` periods, without a fresh one."""


def stream(
    controller: Controller, to: str, token: str, *, seconds: float = float("inf"), beyond: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Streamed:  # fmt: skip
    """Move a robot until so many seconds are over, somebody stops it, or something is wrong; it stands in the end.

    Args:
        controller: fresh.
        to: where the robot listens, ``HOST:PORT``.
        token: that it knows us by.
        seconds: for how long.
        beyond: whether the host may be another machine: nothing on the way is encrypted.
        stopped: asked once a period.

    Raises UsageError for an address that is none, PalestraError where no robot answers, or not as one.
    """
    with _connected(to, beyond) as wire:
        lines = Lines()
        joints = [joint.name for joint in controller.governor.tree.joints]
        _greet(wire, lines, token, joints, controller.governor.period)
        return _Stream(controller, wire, lines).run(seconds, stopped)


class _Stream:
    def __init__(self, controller: Controller, wire: socket.socket, lines: Lines):
        self.controller, self.wire, self.lines = controller, wire, lines
        self.commands = 0

    def run(self, seconds: float, stopped: Callable[[], bool]) -> Streamed:
        """One command a period, never two within one: what was missed is not made up for."""
        c, began = self.controller, time.monotonic()
        self.wire.setblocking(False)
        why, due = "", began
        while True:
            now = time.monotonic()
            if not self._listen(now):
                why = why or "cut"
                break
            over = now - began >= seconds or stopped()
            if c.begun:
                if over and not c.fault:
                    c.fault = "done"
                if not self._say(c.tick(now).line()):
                    why = "cut"
                    break
                if c.fault and c.governor.stands:
                    why = c.fault
                    break
            elif over or now - began > ANSWER_SECONDS:
                why = "done" if over else f"the robot did not say where it is for {ANSWER_SECONDS:g} s"
                break
            due = max(due + c.governor.period, now + c.governor.period)
            time.sleep(max(0.0, due - time.monotonic()))
        if why != "cut":
            self._leave()
        return Streamed(why, self.commands, time.monotonic() - began, dict(c.counts))

    def _leave(self) -> None:
        """Say that no command comes any more, and wait a moment for the robot to hang up: so it hears the last one."""
        with contextlib.suppress(OSError):
            self.wire.shutdown(socket.SHUT_WR)
            self.wire.settimeout(1.0)
            while self.wire.recv(1 << 16):
                pass

    def _listen(self, now: float) -> bool:
        """Take in all that has come; False where the wire was cut."""
        while True:
            try:
                data = self.wire.recv(1 << 16)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                return False
            for line in self.lines.taken(data):
                given = measurement_of(line, len(self.controller.governor.q_Q))
                if given is None:
                    self.controller.counts["damaged"] += 1
                else:
                    self.controller.heard(given, now)

    def _say(self, line: bytes) -> bool:
        """Send a command whole; one that there is no room for is left out, since the next is newer."""
        try:
            sent = self.wire.send(line)
            if sent < len(line):
                self.wire.settimeout(1.0)
                self.wire.sendall(line[sent:])
                self.wire.setblocking(False)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.commands += 1
        return True


@contextlib.contextmanager
def _connected(to: str, beyond: bool) -> Iterator[socket.socket]:
    host, _, port = to.rpartition(":")
    host = host.strip("[]")
    require(bool(host) and port.isdigit() and 0 < int(port) < 65536, f"{to!r} to stream to", "HOST:PORT")
    if not beyond:
        require(
            _is_here(host), f"{host} to stream to", "this machine, 127.0.0.1, or --beyond: the wire is not encrypted"
        )
    try:
        wire = socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS)
    except OSError as error:
        raise PalestraError(f"no robot listens on {to}: {error}; expected its address") from error
    with wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a command is worth nothing 40 ms later
        yield wire


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _greet(wire: socket.socket, lines: Lines, token: str, joints: list[str], period: float) -> None:
    """Say who we are, and hear who it is. PalestraError for a robot of other joints, and for what is none."""
    until = time.monotonic() + ANSWER_SECONDS
    found: list[bytes] = []
    try:
        wire.sendall(as_line({"stream": VERSION, "token": token, "joints": joints, "period": period}))
        while not found:
            wire.settimeout(max(0.001, until - time.monotonic()))
            data = wire.recv(1)  # no more than the answer: what comes after it is a measurement
            if not data:
                raise PalestraError("the robot hung up; expected its answer, which names its joints")
            found = lines.taken(data)
    except OSError as error:
        raise PalestraError(
            f"the robot did not answer: {error}; expected its answer, which names its joints"
        ) from error
    said = object_of(found[0]) or {}
    if "error" in said:
        raise UsageError(f"the robot refuses: {str(said['error'])[:300]}")
    if said.get("stream") != VERSION or said.get("joints") != joints:
        raise PalestraError(f"the robot answers {found[0][:200]!r}; expected stream {VERSION} of {', '.join(joints)}")
