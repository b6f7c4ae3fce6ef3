"""trackio, which keeps a database on this machine; ``trackio show`` opens it."""

from collections.abc import Mapping
from typing import Any

from palestra.exports.trackers.tracker import library


class Record:
    """One run of trackio."""

    def __init__(self, trackio: Any):
        self.trackio = trackio

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """At a step of the run."""
        self.trackio.log(dict(values), step=step)

    def end(self, finished: bool) -> None:
        """Write what waits; trackio knows of no failed runs."""
        self.trackio.finish()


def begin(project: str, name: str, config: Mapping[str, Any]) -> Record:
    """A new run of a project."""
    trackio = library("trackio")
    trackio.init(project=project, name=name, config=dict(config))
    return Record(trackio)
