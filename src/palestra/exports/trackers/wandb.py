"""Weights & Biases. ``WANDB_MODE=offline`` keeps everything on this machine, for ``wandb sync`` later."""

from collections.abc import Mapping
from typing import Any

from palestra.exports.trackers.tracker import library


class Record:
    """One run of W&B."""

    def __init__(self, run: Any):
        self.run = run

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Under W&B's own step, which is the run's."""
        self.run.log(dict(values), step=step)

    def end(self, finished: bool) -> None:
        """Finished, or failed, as W&B calls whatever did not finish."""
        self.run.finish(exit_code=0 if finished else 1)


def begin(project: str, name: str, config: Mapping[str, Any]) -> Record:
    """A new run of a project."""
    return Record(library("wandb").init(project=project, name=name, config=dict(config)))
