"""Ctrl-C and SIGTERM: the first asks for an orderly stop, the second stops at once. HOLD asks to stand still."""

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

HOLD = signal.SIGURG
"""Asks a training to stand still after its present step, in memory, until SIGCONT. Whoever is not training ignores it,
as the system does by itself: no other process dies of it."""


class GivenUp(Exception):
    """Something that leaves no trace, an evaluation, was left off since a stop was asked for."""


class StopRequest:
    """A context in which the first SIGINT or SIGTERM sets ``signal`` and the second ends the process at once.

    HOLD sets ``hold``, until ``stand_still``.

    Args:
        enabled: without it signals do what they always do; there is nothing to save.
        silent: whether another process says that it stops.
    """

    def __init__(self, enabled: bool = True, *, silent: bool = False) -> None:
        self._enabled, self._silent = enabled, silent
        self.signal: signal.Signals | None = None
        self.hold = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if self._enabled and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._handle)
            self._previous[HOLD] = signal.signal(HOLD, self._wait)
            _watching.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self in _watching:
            _watching.remove(self)
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        for each in self._previous:  # the next one ends the process by itself, even inside a call that never comes back
            signal.signal(each, signal.SIG_DFL)
        if self._silent:
            return
        os.write(2, b"\nstopping after this step and saving; once more to stop at once\n")

    def _wait(self, number: int, frame: FrameType | None) -> None:
        self.hold = True

    def stand_still(self) -> None:
        """Stop this process, as a terminal does by Ctrl-Z; returns when somebody lets it go on."""
        self.hold = False
        os.kill(os.getpid(), signal.SIGSTOP)


_watching: list[StopRequest] = []
"""Those that signals are reported to now, the innermost last."""


def give_up_if_asked() -> None:
    """Raise GivenUp if a stop has been asked for; to be called where what is being done can be left off."""
    if _watching and _watching[-1].signal is not None:
        raise GivenUp
