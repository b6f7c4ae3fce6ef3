"""The command line that asks for a report, from what was asked."""

from typing import Any

import pytest

from palestra.trials.report.asked import Asked, parsed


def test_the_command_line() -> None:
    asked = Asked(
        estimator='["table", "SVC"]', data="my data.csv", target="y", settings={"svc__C": "10"}, drop=("id",), folds=4
    )
    assert asked.command() == (
        "palestra report --estimator '[\"table\", \"SVC\"]' --data 'my data.csv' --target y --folds 4"
        " --set svc__C=10 --drop id"
    )
    assert asked.command(estimator="SVC", drop=(), settings={"C": None}) == (
        "palestra report --estimator SVC --data 'my data.csv' --target y --folds 4 --set C=None"
    )
    assert Asked(run="runs/one", reference=0.02).command() == "palestra report runs/one --reference 0.02"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("None", None),
        ("null", None),
        ("True", True),
        ("rbf", "rbf"),
        ("[1, 2]", [1, 2]),
        (7, 7),
    ],
)
def test_values_as_they_are_typed(text: Any, value: Any) -> None:
    assert parsed(text) == value
