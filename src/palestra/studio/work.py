"""Asks the workshop: the program beside the server that has PyTorch, started when it is first needed."""

import sys
import threading
import time
from pathlib import Path
from typing import Any

from palestra.errors import PalestraError, UsageError
from palestra.studio.child import Child

PROGRAM = (sys.executable, "-m", "palestra.studio.workshop")
IDLE_SECONDS = 600.0
"""After which it is ended, to be started again when it is needed."""


class Work:
    """What the workshop does, asked from any thread.

    Args:
        root: the folder of the runs.
    """

    def __init__(self, root: Path):
        self._root = root
        self._lock = threading.Lock()
        self._child: Child | None = None

    def ask(self, do: str, **words: Any) -> Any:
        """What came of it. Raises the error that the workshop had, or one that says that it ended."""
        with self._lock:
            if self._child is None or not self._child.alive:
                self.close()
                self._child = Child([*PROGRAM, str(self._root)])
            child = self._child
        told = child.ask({"do": do, **words})
        if "error" in told:
            raise (UsageError if told["usage"] else PalestraError)(told["error"])
        return told["done"]

    def drop_idle(self) -> None:
        """End it if nobody has needed it for long."""
        child = self._child
        if child is not None and time.monotonic() - child.used > IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """End it."""
        child, self._child = self._child, None
        if child is not None:
            child.close()
