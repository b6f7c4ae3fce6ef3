"""MLflow, by a stand-in that takes what its client takes."""

import re
import sys
from types import ModuleType
from typing import Any

import pytest

from palestra.exports.trackers import mlflow

NAME = re.compile(r"[\w\-. :/]+")
"""What MLflow takes for the name of a metric or a parameter."""


@pytest.mark.parametrize(("finished", "status"), [(True, "FINISHED"), (False, "KILLED")])
def test_it_is_given_a_run_with_its_parameters(monkeypatch: pytest.MonkeyPatch, finished: bool, status: str) -> None:
    said: list[Any] = []
    stand_in: Any = ModuleType("mlflow")
    stand_in.set_experiment = lambda name: said.append(("experiment", name))
    stand_in.start_run = lambda run_name: said.append(("run", run_name))
    stand_in.log_params = lambda given: said.append(("params", given))
    stand_in.log_metrics = lambda given, step: said.append((step, given))
    stand_in.end_run = lambda status: said.append(("end", status))
    monkeypatch.setitem(sys.modules, "mlflow", stand_in)
    record = mlflow.begin("mine", "a-run", {"learner": {"name": "ppo", "settings": {"sizes": [1] * 9_000}}})
    record.log(5, {"train/loss": 0.5})
    record.end(finished)
    names = [("experiment", "mine"), ("run", "a-run"), (5, {"train/loss": 0.5}), ("end", status)]
    assert [each for each in said if each[0] != "params"] == names
    (params,) = (given for what, given in said if what == "params")
    assert params["learner.name"] == "ppo"
    assert len(params["learner.settings.sizes"]) == mlflow.LONGEST
    assert all(NAME.fullmatch(name) for name in (*params, "train/loss"))
