"""``palestra train`` as a process of its own, with the trainings of ``driver.config`` as its arguments."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PALESTRA = (sys.executable, "-m", "palestra")


def arguments(config: dict[str, Any], out: Path) -> list[str]:
    """What follows ``palestra`` to train the configuration, quietly and without plots."""
    assert config["log_every"] == 0, "palestra train has no option for it"
    argv = ["train", "--total-timesteps", config["budget"], "--no-plots", "--quiet", "--out", out]
    for name, value in config.items():
        if name == "settings":
            argv += [word for key, text in value.items() for word in ("--set", f"{key}={_text(text)}")]
        elif name not in ("budget", "log_every", "tensorboard"):
            argv += [f"--{name.replace('_', '-')}", value]
    return [str(word) for word in argv]


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@contextmanager
def started(argv: Sequence[str], program: Sequence[str] = PALESTRA, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """The process, in a session of its own, its words in pipes; what is left of it at the end is killed."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*program, *argv], text=True, start_new_session=True, **pipes, **options) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(root: Path, pattern: str, process: subprocess.Popen[str], seconds: float = 60.0) -> Path:
    """The first path under a folder that matches, once there is one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        for path in root.glob(pattern):
            return path
        time.sleep(0.002)
    process.kill()
    raise AssertionError(f"no {pattern}: {process.communicate()}")


BARE = """
import importlib.util, sys, types
path = importlib.util.find_spec("palestra").submodule_search_locations
package = sys.modules["palestra"] = types.ModuleType("palestra")
package.__path__ = path
package.__version__ = ""
"""
"""Begins a program without ``palestra/__init__.py``, which imports Gymnasium to register with it: what else is loaded,
a module of ours imports itself."""
