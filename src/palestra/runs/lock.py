"""The right to write in a run folder: one process holds it, and a killed process gives it back by dying."""

import fcntl
import os
import time
import weakref
from contextlib import suppress
from pathlib import Path

from palestra.errors import UsageError

LOCK_NAME = ".lock"


def open_lock(path: Path) -> int:
    """A descriptor of a file to be locked, created if it is not there.

    Never that of a file elsewhere to which a link leads; and a named pipe in its place is not waited for. Raises
    OSError.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)


def is_locked(folder: Path) -> bool:
    """Whether some process holds the run now."""
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # Shared, so that two askers at once do not see each other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


class RunLock:
    """An exclusive ``flock`` on ``.lock`` in a run folder; the file names the owner's process for messages.

    The kernel drops it with the process, however that ends. A forked child gives up its copy at once:
    otherwise an environment worker that outlives a killed trainer would keep the run locked.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises UsageError when another process holds it, OSError when the disk refuses."""
        self._descriptor: int | None = open_lock(folder / LOCK_NAME)
        # is_locked() holds a shared lock for an instant; a few tries tell it from a real owner.
        for _ in range(5):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.02)
        else:
            owner = _owner(self._descriptor)
            self.release()
            raise UsageError(
                f"run {folder.name} is being trained by another process (pid {owner}); "
                "wait for it or stop it, then try again"
            )
        with suppress(OSError):  # a full disk may refuse the note; the lock itself holds
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        this = weakref.ref(self)

        def forget_in_child() -> None:
            lock = this()
            if lock is not None:
                lock.release()

        os.register_at_fork(after_in_child=forget_in_child)

    def release(self) -> None:
        """Give the lock back; in a forked child this only closes the child's copy. Harmless when repeated."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _owner(descriptor: int) -> str:
    try:
        noted = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    except OSError:  # no plain file
        noted = ""
    return noted if noted.isdigit() else "unknown"
