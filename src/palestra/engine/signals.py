"""Ctrl-C and SIGTERM: the first asks for an orderly stop, the second stops at once."""

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class StopRequest:
    """A context in which the first SIGINT or SIGTERM sets ``signal`` and the second ends the process at once.

    Args:
        enabled: without it signals do what they always do; there is nothing to save.
    """

    def __init__(self, enabled: bool = True) -> None:
        self._enabled = enabled
        self.signal: signal.Signals | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if self._enabled and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        for each in self._previous:  # the next one ends the process by itself, even inside a call that never comes back
            signal.signal(each, signal.SIG_DFL)
        os.write(2, b"\nstopping after this step and saving; once more to stop at once\n")
