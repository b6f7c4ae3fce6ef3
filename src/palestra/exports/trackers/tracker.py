"""A run's numbers for a tracker of somebody else's, from the run's own files, while it learns or afterwards.

Nothing that trains knows of a tracker: none can slow a training down, stop it, or be needed by it.
"""

import importlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol

from palestra.errors import PalestraError, missing_extra, unknown_name
from palestra.runs.series import read_rows
from palestra.runs.store import Run

Name = Literal["wandb", "mlflow", "trackio"]
"""Trackers that there is an exporter for; each needs the extra of its name."""
PAUSE = 5.0
"""Seconds between two looks at a run that goes on."""


class Tracker(Protocol):
    """Where numbers go."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Take what a run recorded at a step."""

    def end(self, finished: bool) -> None:
        """Close the record; whether the training came to its end."""


@dataclass(frozen=True)
class Sent:
    """What a tracker was given."""

    run: str
    """Id of the run."""
    to: str
    """The tracker."""
    project: str
    """Its project or experiment."""
    steps: int
    """Moments of the training."""
    values: int
    """Numbers, over all series."""
    status: str
    """What the run was, when the last of them was sent."""


def send(
    path: str | Path,
    to: Name,
    *,
    project: str = "palestra",
    out: str | Path = "runs",
    follow: bool = False,
    pause: float = PAUSE,
) -> Sent:
    """Write a run's deterministic numbers into a new record of a tracker, under the run's id.

    Args:
        path: the run's folder or id.
        to: the tracker, which goes by its own settings: its variables of the environment say where it writes.
        project: its project, or MLflow's experiment.
        out: folder of the runs.
        follow: go on while the run does.
        pause: seconds between two looks at it.
    """
    begin = tracker(to)
    run = Run.open(path, Path(out))
    record = begin(project, run.id, run.config)
    steps = values = 0
    status = run.status
    try:
        for step, row in _moments(run, follow, pause):
            record.log(step, row)
            steps, values = steps + 1, values + len(row)
        status = Run.open(run.path, run.path.parent).status  # which may have changed meanwhile
    finally:
        record.end(status == "finished")
    return Sent(run.id, to, project, steps, values, status)


def tracker(name: str) -> Callable[[str, str, Mapping[str, Any]], Tracker]:
    """What begins a record of a tracker, from project, name and configuration. UsageError for an unknown one."""
    known = ("wandb", "mlflow", "trackio")
    if name not in known:
        raise unknown_name("tracker", name, known)
    begin: Callable[[str, str, Mapping[str, Any]], Tracker]
    begin = importlib.import_module(f"palestra.exports.trackers.{name}").begin
    return begin


def library(name: str) -> ModuleType:
    """The tracker's package. UsageError, with the line that installs it, where it is not here."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise missing_extra(name, f"writing to {name}") from error


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A configuration of one level, its names joined by dots."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _moments(run: Run, follow: bool, pause: float) -> Iterator[tuple[int, dict[str, float]]]:
    """Steps with what was recorded at them, in their order, each once."""
    last = -1
    while True:
        going = follow and run.status == "running"
        moments: dict[int, dict[str, float]] = {}
        try:
            rows = read_rows(run.metrics_path)
        except PalestraError:  # it has only begun
            if not going:
                raise
            rows = []
        for step, name, value in rows:
            if step > last:
                moments.setdefault(step, {})[name] = value
        if going:  # to the newest step there may be more to come
            moments.pop(max(moments, default=-1), None)
        yield from moments.items()
        last = max(moments, default=last)
        if not going:
            return
        time.sleep(pause)
        run = Run.open(run.path, run.path.parent)
