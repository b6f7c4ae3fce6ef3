"""Mirrors a run's numbers into a TensorBoard event file, so that ``tensorboard --logdir runs`` shows them.

Uses TensorBoard's own record format and messages but no TensorFlow, no thread and no queue.
"""

import importlib.util
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from palestra.errors import missing_extra
from palestra.runs.atomic import clear_disk_errors


def is_available() -> bool:
    """Whether the [tensorboard] extra is installed. Imports nothing."""
    return importlib.util.find_spec("tensorboard") is not None


class TensorBoardMirror:
    """Writes one event file in a folder. Each process that trains the run writes a file of its own."""

    def __init__(self, folder: Path) -> None:
        """Begin a file. Raises UsageError without the extra, PalestraError where the disk refuses."""
        if not is_available():
            raise missing_extra("tensorboard", "writing TensorBoard event files")
        from tensorboard.compat.proto import event_pb2, summary_pb2  # 0.2 s, and only for those who ask
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event, self._log, self._summary = event_pb2.Event, event_pb2.SessionLog, summary_pb2.Summary
        now = time.time()
        self._path = folder / f"events.out.tfevents.{now:.6f}.{socket.gethostname()}.{os.getpid()}"
        with clear_disk_errors(self._path):
            folder.mkdir(parents=True, exist_ok=True)
            self._records = RecordWriter(self._path.open("xb"))
            self._write(event_pb2.Event(wall_time=now, file_version="brain.Event:2"))

    def restart_at(self, step: int) -> None:
        """Tell TensorBoard to drop what earlier files hold beyond a step: the run continues from there."""
        log = self._log(status=self._log.START)
        # TensorBoard purges steps at and beyond the one given (event_accumulator, "_Purge").
        self._write(self._event(wall_time=time.time(), step=step + 1, session_log=log))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write values at a step. They reach the disk at ``flush`` at the latest."""
        scalars = [self._summary.Value(tag=name, simple_value=float(value)) for name, value in values.items()]
        self._write(self._event(wall_time=time.time(), step=step, summary=self._summary(value=scalars)))

    def flush(self) -> None:
        """Hand what was added to the operating system. It is a mirror: no fsync."""
        with clear_disk_errors(self._path):
            self._records.flush()

    def close(self) -> None:
        """Flush and close."""
        with clear_disk_errors(self._path):
            self._records.close()

    def _write(self, event: Any) -> None:
        with clear_disk_errors(self._path):
            self._records.write(event.SerializeToString())
