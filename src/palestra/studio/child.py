"""A program beside this one that answers a line of JSON with a line of JSON, and ends when it is no longer wanted."""

import json
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from palestra.errors import PalestraError

MOST_BYTES = 64 << 20
"""Of an answer."""


class GoneError(PalestraError):
    """The program ended, or gave no answer in time and was ended."""


class Child:
    """A program and the lines that go to and fro.

    It runs in a session of its own, so that a Ctrl-C in the terminal reaches this process alone, which then ends it;
    and it sees the end of its input when this process is killed.

    Args:
        argv: what to run.
        seconds: that an answer may take.
    """

    def __init__(self, argv: Sequence[str], seconds: float = 120.0):
        self._seconds = seconds
        self._lock = threading.Lock()
        self._unread = bytearray()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the program
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen([*argv], start_new_session=True, bufsize=0, **pipes)
        self.used = time.monotonic()
        """When it was last asked."""

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, command: Any) -> Any:
        """Its answer to a command, as JSON values. Raises GoneError."""
        line = json.dumps(command, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self.used = time.monotonic()
            try:
                assert self._process.stdin is not None
                self._write(self._process.stdin.fileno(), line)
                return json.loads(self._read())
            except (OSError, ValueError) as error:
                raise self._gone(str(error)) from error
            finally:
                self.used = time.monotonic()

    def close(self) -> None:
        """End it and what it started. Harmless when repeated."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _write(self, descriptor: int, line: bytes) -> None:
        deadline = time.monotonic() + self._seconds
        for begin in range(0, len(line), select.PIPE_BUF):  # so much of it a pipe that is ready takes without waiting
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [descriptor], [], left)[1]:
                raise OSError(f"it reads nothing for {self._seconds:g} s")
            os.write(descriptor, line[begin : begin + select.PIPE_BUF])

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        descriptor, deadline = self._process.stdout.fileno(), time.monotonic() + self._seconds
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > MOST_BYTES:
                raise OSError(f"an answer of more than {MOST_BYTES:,} bytes")
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise OSError(f"no answer within {self._seconds:g} s")
            data = os.read(descriptor, 1 << 16)
            if not data:
                raise OSError("it ended")
            self._unread += data
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return line

    def _gone(self, why: str) -> GoneError:
        """What happened, in a line: the last one that it said, if any."""
        said = ""
        with suppress(OSError, ValueError):
            self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 4096))
            lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            said = lines[-1] if lines else ""
        self.close()
        return GoneError(f"{why}: {said}" if said else why)
