"""Playgrounds that are open: a program each, of which there are a few at most, and none that nobody uses any more."""

import secrets
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from palestra.errors import UsageError
from palestra.studio.child import Child
from palestra.studio.folder import NotThereError

MOST_AT_ONCE = 6
"""Programs; the one that was used least lately makes place for another."""
IDLE_SECONDS = 900.0
"""After which one is ended that nobody has asked."""
PROGRAM = (sys.executable, "-m", "palestra.playgrounds")
"""What is run, with the name of a playground behind it."""


class Sessions:
    """The playgrounds that are open, by ids that nobody guesses.

    Args:
        names: of those that there are.
        program: what is run for one, with its name behind it, and the folder of the runs.
        runs: the folder whose trained agents may be shown, if any.
    """

    def __init__(self, names: Sequence[str], program: Sequence[str] = PROGRAM, runs: Path | None = None):
        self._names = frozenset(names)
        self._program = tuple(program)
        self._runs = () if runs is None else (str(runs),)
        self._lock = threading.Lock()
        self._open: dict[str, Child] = {}

    def start(self, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Open a playground with settings; returns its ``id`` and its first ``frame``."""
        if name not in self._names:
            raise NotThereError(f"no playground {name[:40]!r}; expected one of {', '.join(sorted(self._names))}")
        self.drop_idle()
        child, session = Child([*self._program, name, *self._runs], seconds=60.0), secrets.token_urlsafe(12)
        with self._lock:
            self._open[session] = child
            crowd = sorted(self._open.items(), key=lambda item: item[1].used)[:-MOST_AT_ONCE]
            for other, _ in crowd:
                del self._open[other]
        for _, other_child in crowd:
            other_child.close()
        try:
            frame = child.ask({"do": "start", "settings": dict(settings)})
            if isinstance(frame, dict) and "error" in frame:
                raise UsageError(str(frame["error"]))
        except BaseException:
            self.close(session)
            raise
        return {"id": session, "frame": frame}

    def ask(self, session: str, command: Mapping[str, Any]) -> Any:
        """The frame that answers a command. Raises NotThereError for a session that was closed."""
        with self._lock:
            child = self._open.get(session)
        if child is None:
            raise NotThereError("this playground was closed, since nobody used it; expected it to be opened again")
        try:
            return child.ask(command)
        finally:
            if not child.alive:
                self.close(session)

    def close(self, session: str) -> None:
        """End one. Harmless where there is none."""
        with self._lock:
            child = self._open.pop(session, None)
        if child is not None:
            child.close()

    def drop_idle(self) -> None:
        """End those that nobody has used for long."""
        with self._lock:
            idle = [key for key, child in self._open.items() if time.monotonic() - child.used > IDLE_SECONDS]
        for session in idle:
            self.close(session)

    def close_all(self) -> None:
        """End every one."""
        for session in [*self._open]:
            self.close(session)
