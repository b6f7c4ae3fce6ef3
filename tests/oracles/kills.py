"""Kills: work in a child process, and a SIGKILL at a random instant of it."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

FORK = multiprocessing.get_context("fork")


def kill_soon(work: Callable[[Path, Connection], None], folder: Path, delay: float) -> int:
    """Run ``work`` in a child, SIGKILL it ``delay`` seconds after its first report; its last report, or -1."""
    ours, theirs = FORK.Pipe(duplex=False)
    child = FORK.Process(target=work, args=(folder, theirs))
    child.start()
    theirs.close()
    last = ours.recv()
    time.sleep(delay)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    try:
        while True:
            last = ours.recv()
    except EOFError:
        return int(last)
