"""Leases: the right to work on something, for machines that have a depot in common and neither clock nor locks.

Each holder has a number, one more than that of the holder before it: of those who ask at once, the one that creates the
object of that name. Its sign of life is a count that it goes on writing. Who waits counts, by a clock of its own, for
how long the count has not moved, and after the expiry asks for the next number; no two clocks are ever compared.

The number is a fence too (Gray & Cheriton 1989; Burrows 2006). A holder that was frozen past its expiry looks for the
next number before it writes, and finds it. Should it freeze between the look and the write, then what it writes, as all
that it ever writes, lies below a place of its own, and whoever reads takes the place of the highest number that has
anything. So no moment has to be trusted in which two believe that they hold it.
"""

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from palestra.errors import PalestraError
from palestra.runs.depot import Depot, DepotError

EXPIRY = 60.0
"""Seconds without a sign of life after which a lease is another's to take."""
BEATS = 10
"""Signs of life in that time."""
_CLAIMS, _HELD = "lease", "held"


class LeaseLostError(PalestraError):
    """The lease is somebody else's by now."""


@dataclass(frozen=True)
class Claim:
    """One number, and who has it."""

    token: int
    """The number, from 1."""
    holder: str
    """A name that nobody else has; empty of one that was killed before it could write it down."""
    host: str = ""
    """The machine."""
    pid: int = 0
    """The process there."""
    note: str = ""
    """By what whoever asked for that process knows it."""

    def place(self, root: str) -> str:
        """Where the holder writes, and nobody else."""
        return f"{root}/{_HELD}/{self.token:06d}-{self.holder}"

    @property
    def who(self) -> str:
        """The holder, for a message."""
        return f"process {self.pid} of {self.host}" if self.host else "an unknown process"


def claims(depot: Depot, root: str) -> list[Claim]:
    """All holders so far, the present one last."""
    return [_claim(depot, root, int(name.rpartition("/")[2])) for name in depot.names(f"{root}/{_CLAIMS}")]


class Signs:
    """Watches a lease from outside.

    Args:
        depot: where it is.
        root: what it is of.
        longest: seconds between two looks that count as silence; who is frozen between two looks has seen nothing.
        clock: of this process.
    """

    def __init__(self, depot: Depot, root: str, *, longest: float, clock: Callable[[], float] = time.monotonic):
        self._depot, self._root, self._longest, self._clock = depot, root, longest, clock
        self._seen: tuple[Claim, bytes | None] | None = None
        self._looked = clock()
        self.silent = 0.0
        """Seconds for which the holder gave no sign of life."""
        self.claim: Claim | None = None
        """The present holder; None where there was none yet."""
        self.free = True
        """Whether there is none, or it has given the lease back."""
        self.said = ""
        """What the holder said with its last sign of life."""

    def look(self) -> None:
        """See what there is to be seen now."""
        there = claims(self._depot, self._root)
        self.claim = there[-1] if there else None
        now, beat = self._clock(), None
        self.free = self.claim is None
        if self.claim is not None:
            place = self.claim.place(self._root)
            beat = self._depot.get(f"{place}/beat")
            self.free = self._depot.get(f"{place}/left") is not None
        seen = None if self.claim is None else (self.claim, beat)
        moved = self.free or seen != self._seen
        self.silent = 0.0 if moved else self.silent + min(now - self._looked, self._longest)
        self._seen, self._looked = seen, now
        self.said = (beat or b"").decode(errors="replace").partition(" ")[2]


class Waiter:
    """Asks for a lease until it is there.

    Args:
        depot: where it is.
        root: what it is of.
        note: by what whoever asked for this process knows it.
        expiry: seconds without a sign of life after which it is taken from its holder.
        clock: of this process.
    """

    def __init__(
        self,
        depot: Depot,
        root: str,
        note: str = "",
        *,
        expiry: float = EXPIRY,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._depot, self._root, self._note, self._expiry = depot, root, note, expiry
        self._signs = Signs(depot, root, longest=expiry / 4, clock=clock)

    def look(self) -> "Lease | None":
        """The lease, if it is to be had now. Does not wait: call it several times within an expiry."""
        signs = self._signs
        signs.look()
        if not signs.free and signs.silent <= self._expiry:
            return None
        token = 1 if signs.claim is None else signs.claim.token + 1
        mine = Claim(token, secrets.token_hex(8), socket.gethostname(), os.getpid(), self._note)
        won = self._depot.create(_name(self._root, token), json.dumps(asdict(mine)).encode())
        return Lease(self._depot, self._root, mine) if won else None


class Lease:
    """A lease that is held, until somebody else has the next number."""

    def __init__(self, depot: Depot, root: str, claim: Claim):
        self.depot, self.root, self.claim = depot, root, claim
        self.place = claim.place(root)
        """Where all that is written under it belongs."""
        self._beats = 0

    def check(self) -> None:
        """Raise LeaseLostError if somebody else has it. To be called before whatever the others are to see."""
        token = self.claim.token
        if self.depot.get(_name(self.root, token + 1)) is not None:
            other = _claim(self.depot, self.root, token + 1)
            raise LeaseLostError(
                f"the lease of {self.root} was taken over by {other.who} while this process gave no sign of life; "
                "it goes on there, and nothing more is written here"
            )
        if _claim(self.depot, self.root, token) != self.claim:  # all of it was cleared away, as when it is finished
            raise LeaseLostError(f"the lease of {self.root} is gone: what it was of is finished, or was taken away")

    def beat(self, said: str = "") -> None:
        """Give a sign of life, and say something with it."""
        self.check()
        self._beats += 1
        self.depot.put(f"{self.place}/beat", f"{self._beats} {said}".encode())

    def release(self) -> None:
        """Give it back: the next one need not wait for the expiry."""
        self.check()
        self.depot.put(f"{self.place}/left", b"")

    @contextmanager
    def kept(
        self,
        *,
        expiry: float,
        lost: Callable[[PalestraError], None],
        said: Callable[[], str] = lambda: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[None]:
        """Give signs of life from a thread for as long as the context lasts.

        Args:
            expiry: after which others may take it.
            lost: called once, from that thread, when it is lost, or when the depot was out of reach for that long.
            said: what to say with each.
            clock: of this process.
        """
        done = threading.Event()

        def beat() -> None:
            heard = clock()
            while not done.is_set():
                try:
                    self.beat(said())
                    heard = clock()
                except DepotError as error:
                    if clock() - heard > expiry:
                        lost(error)
                        return
                except LeaseLostError as error:
                    lost(error)
                    return
                done.wait(expiry / BEATS)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _name(root: str, token: int) -> str:
    return f"{root}/{_CLAIMS}/{token:06d}"


def _claim(depot: Depot, root: str, token: int) -> Claim:
    """Who has a number; of one that is being written, or never was, nobody knows."""
    try:
        values = json.loads(depot.get(_name(root, token)) or b"")
        return Claim(token, str(values["holder"]), str(values["host"]), int(values["pid"]), str(values["note"]))
    except (ValueError, TypeError, KeyError):
        return Claim(token, "")
