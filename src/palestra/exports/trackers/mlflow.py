"""MLflow. ``MLFLOW_TRACKING_URI`` says where it writes; by itself that is a database in the working directory."""

from collections.abc import Mapping
from typing import Any

from palestra.exports.trackers.tracker import flat, library

LONGEST = 6_000
"""Characters that MLflow takes of a parameter."""


class Record:
    """One run of MLflow."""

    def __init__(self, mlflow: Any):
        self.mlflow = mlflow

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """As metrics of a step."""
        self.mlflow.log_metrics(dict(values), step=step)

    def end(self, finished: bool) -> None:
        """Finished, or killed, as MLflow calls what may go on."""
        self.mlflow.end_run("FINISHED" if finished else "KILLED")


def begin(project: str, name: str, config: Mapping[str, Any]) -> Record:
    """A new run of an experiment, with the configuration as its parameters."""
    mlflow = library("mlflow")
    mlflow.set_experiment(project)
    mlflow.start_run(run_name=name)
    mlflow.log_params({key: str(value)[:LONGEST] for key, value in flat(config).items()})
    return Record(mlflow)
