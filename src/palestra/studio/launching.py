"""Trainings that were started from the page: the command line itself, as processes of which this one has charge."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from palestra.engine.signals import HOLD
from palestra.errors import UsageError, require
from palestra.recipes.registry import get_recipe
from palestra.runs.lock import LOCK_NAME
from palestra.runs.store import run_ids
from palestra.studio.folder import Folder, NotThereError

PROGRAM = (sys.executable, "-m", "palestra")
MOST_AT_ONCE = 4
"""Trainings."""
_SAVING_SECONDS = 20.0
"""That a training has to save itself in when the studio ends."""
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class Training:
    """One of them.

    Args:
        words: behind ``palestra``.
        root: the folder of the runs.
    """

    def __init__(self, words: Sequence[str], root: Path):
        self.words = tuple(words)
        self.paused = False
        self.stepping = False
        self.stopping = False
        self.run: str | None = None
        self._root = root
        self._began = time.time()
        self._sought = False
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the training
        argv = [*PROGRAM, *words, "--out", str(root), "--quiet"]
        nothing = subprocess.DEVNULL
        # A session of its own: a Ctrl-C in the terminal ends the studio, which then lets it save itself.
        self.process = subprocess.Popen(argv, stdin=nothing, stdout=nothing, stderr=self._said, start_new_session=True)

    def state(self) -> dict[str, Any]:
        """What a page shows of it."""
        status = self.process.poll()
        if self.run is None and not self._sought:
            self.run, self._sought = self._find_run(), status is not None
        if self.paused or (status is None and self._stands()):
            self.stepping, stage = False, "paused"
        else:
            stage = "stopping" if self.stopping else "stepping" if self.stepping else "running"
        if status is not None:  # 1 is a claim that was not reached, too
            well = status == 0 or (self.run is not None and status in (1, 128 + signal.SIGINT, 128 + signal.SIGTERM))
            stage = "ended" if well else "failed"
        said = self._last_line() if status else ""
        return {"command": shlex.join(["palestra", *self.words]), "run": self.run, "stage": stage, "said": said}

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to it, who knows what to do with those that it has started."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def hold(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it has started."""
        with suppress(ProcessLookupError):
            if self.process.poll() is None:
                os.killpg(self.process.pid, number)

    def go_on(self) -> None:
        """Let it and all that it has started run again."""
        self.paused = self.stepping = False
        self.hold(signal.SIGCONT)

    def step(self) -> None:
        """Let it go on to the end of its step, where it stands still again."""
        self.tell(HOLD)
        self.go_on()
        self.stepping = True

    def close(self) -> None:
        """End it at once, with all that it has started; harmless where it ended."""
        self.hold(signal.SIGKILL)
        self.process.wait()
        self._said.close()

    def _find_run(self) -> str | None:
        """The run that this very process holds."""
        for run_id in run_ids(self._root):
            lock = self._root / run_id / LOCK_NAME
            with suppress(OSError, ValueError):
                if lock.stat().st_mtime > self._began - 1 and int(lock.read_bytes()[:20]) == self.process.pid:
                    return run_id
        return None

    def _stands(self) -> bool:
        """Whether the process is stopped, as it stops itself at the end of a step."""
        with suppress(ChildProcessError):
            return os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
        return False

    def _last_line(self) -> str:
        with suppress(OSError, ValueError):
            self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - 4096))
            lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
            return lines[-1].removeprefix("palestra: ") if lines else ""
        return ""


class Launcher:
    """Starts trainings in a folder, and ends them with itself.

    Args:
        folder: of the runs.
    """

    def __init__(self, folder: Folder):
        self._folder = folder
        self._trainings: list[Training] = []
        self._lock = threading.Lock()

    def states(self) -> list[dict[str, Any]]:
        """Every training that was started here, the last one first."""
        with self._lock:
            return [each.state() for each in reversed(self._trainings)]

    def start(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Start a recipe: ``{"recipe": ID, "settings": {PLACE: TEXT}}``."""
        recipe = get_recipe(str(asked.get("recipe", "")))
        settings = asked.get("settings", {})
        good = isinstance(settings, dict) and all(isinstance(value, str) for value in settings.values())
        require(good, f"settings {json.dumps(settings)[:60]}", "an object of texts")
        words = ["train", recipe.id]
        for name, value in settings.items():
            require(bool(_SETTING.fullmatch(name)), f"setting {name[:40]!r}", "a name such as learner.gamma")
            words.append(f"--set={name}={value}")
        return self._begin(words)

    def resume(self, run_id: str) -> dict[str, Any]:
        """Go on with a run: let one of ours that is paused run, or begin a process for one that was interrupted."""
        ours = self._of(run_id)
        if ours is not None and ours.process.poll() is None:
            ours.go_on()
            return ours.state()
        return self._begin(["train", f"--resume={self._folder.path(run_id)}"])

    def pause(self, run_id: str) -> dict[str, Any]:
        """Hold a training where it stands, in memory."""
        ours = self._ours(run_id)
        ours.hold(signal.SIGSTOP)
        ours.paused = True
        return ours.state()

    def step(self, run_id: str) -> dict[str, Any]:
        """Let a training make one step, or end the one in which it was paused, and hold it there."""
        ours = self._ours(run_id)
        ours.step()
        return ours.state()

    def stop(self, run_id: str) -> dict[str, Any]:
        """Let a training save itself and end; it can be gone on with."""
        ours = self._ours(run_id)
        ours.stopping = True
        ours.tell(signal.SIGINT)
        ours.go_on()
        return ours.state()

    def close(self) -> None:
        """Let all save themselves and end; those that do not in time are ended."""
        with self._lock:
            for each in self._trainings:
                each.tell(signal.SIGTERM)
                each.hold(signal.SIGCONT)
            deadline = time.monotonic() + _SAVING_SECONDS
            for each in self._trainings:
                with suppress(subprocess.TimeoutExpired):
                    each.process.wait(max(0.0, deadline - time.monotonic()))
                each.close()

    def _begin(self, words: list[str]) -> dict[str, Any]:
        with self._lock:
            going = sum(each.process.poll() is None for each in self._trainings)
            if going >= MOST_AT_ONCE:
                raise UsageError(f"{going} trainings are running; expected one of them to end, or to be stopped, first")
            made = Training(words, self._folder.root)
            self._trainings.append(made)
            return made.state()

    def _of(self, run_id: str) -> Training | None:
        with self._lock:
            for each in reversed(self._trainings):
                if each.state()["run"] == run_id:
                    return each
        return None

    def _ours(self, run_id: str) -> Training:
        ours = self._of(run_id)
        if ours is None or ours.process.poll() is not None:
            raise NotThereError(f"no training of {run_id[:100]} that was started here is running")
        return ours
