"""Kinds of trainings: those of one differ in their seed alone, and each has a name that tells it from the others."""

from pathlib import Path
from typing import Any

import pytest
from quick import QUICK

from palestra.runs.store import Run
from palestra.trials.kinds import differences, kinds
from palestra.trials.plan import Origin, Plan, resolve


def test_each_kind_has_a_name_that_tells_it_from_its_namesakes(tmp_path: Path) -> None:
    for settings in ({}, {"seed": 1}, {"gamma": 0.5}, {"budget": 512}, {"seed": 2, "num_envs": 2}):
        Run.create(tmp_path, "a", "b", 0, resolve(QUICK, settings).to_json()).close()
    found = kinds([Run.open(path, tmp_path) for path in sorted(tmp_path.iterdir())])
    common = "gamma=0.99 num_envs=4 budget=256"
    assert {name: len(runs) for name, runs in found.items()} == {
        f"toy/quick {common}": 2,
        f"toy/quick {common.replace('0.99', '0.5')}": 1,
        f"toy/quick {common.replace('256', '512')}": 1,
        f"toy/quick {common.replace('=4', '=2')}": 1,
    }


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"seed": 4, "checkpoint_every": 1.0, "eval_every": 3, "device": "cpu"}, []),
        ({"gae_lambda": 0.5}, ["settings"]),
        ({"world.kwargs.x": 1, "budget": 9}, ["world", "budget"]),
        ({"threads": 2}, ["threads"]),
        ({"devices": 2}, ["devices"]),
    ],
)
def test_what_tells_two_plans_apart(changed: dict[str, Any], named: list[str]) -> None:
    plan = resolve(QUICK)
    assert differences(plan.override(changed), plan) == named
    begun = Plan(plan.learner, plan.source, plan.training, plan.recipe, origin=Origin("x", 3))
    assert differences(begun, plan) == ["origin"]
