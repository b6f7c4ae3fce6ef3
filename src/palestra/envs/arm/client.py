"""PyBullet itself: its module, found or missed with a word of advice, and clients of it."""

import contextlib
import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from palestra.errors import PalestraError, UsageError, missing_extra


@cache
def import_pybullet() -> Any:
    """PyBullet's module. UsageError, with the way out, where it is not installed."""
    try:
        with _silent_stdout():
            import pybullet
    except ImportError as error:
        message = str(missing_extra("arm", "the PyBullet world of the arm"))
        if sys.version_info >= (3, 12):
            message += f" (PyBullet has wheels up to Python 3.11; this is Python {platform.python_version()})"
        raise UsageError(
            message + "; backend 'torch' is the same task without PyBullet: make_vec(..., backend='torch')"
        ) from error
    return pybullet


@contextlib.contextmanager
def _silent_stdout() -> Iterator[None]:
    """Keep what C code prints on standard output out of it: PyBullet says when it was built, wherever JSON may go."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        with contextlib.suppress(OSError, AttributeError, TypeError):  # Windows has no library of its own to ask
            ctypes.CDLL(None).fflush(None)  # C keeps the line until it is flushed
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def connect(p: Any) -> int:
    """A new client without a window, which finds PyBullet's data. Raises PalestraError where there is none left."""
    client: int = p.connect(p.DIRECT)
    if client < 0:
        raise PalestraError("PyBullet gives no further physics client; close environments that are not used any more")
    p.setAdditionalSearchPath(data_path(), physicsClientId=client)
    return client


def data_path() -> str:
    """Where PyBullet's models are."""
    import pybullet_data

    path: str = pybullet_data.getDataPath()
    return path
