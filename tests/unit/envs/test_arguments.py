"""Arguments of a world: refused where they cannot be saved, and equal after they were."""

import enum
import json
from typing import Any

import numpy as np
import pytest

from palestra.envs.arguments import check_arguments, from_json, to_json
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.recipes.recipe import Recipe
from palestra.trials.plan import Plan, resolve
from palestra.trials.trial import Trial

GOOD = {
    "size": (3, 4), "deep": [(1, (2.5, "x")), {"a": (), "b": None}], "flag": True, "nan": 1e308, "empty": {},
    "half": np.float64(0.5), "level": enum.IntEnum("Level", "LOW")(1),
}  # fmt: skip


def test_tuples_come_back_equal() -> None:
    check_arguments("x", GOOD)
    back = from_json(json.loads(json.dumps(to_json(GOOD))))
    assert back == GOOD
    assert type(back["deep"][0][1]) is tuple
    assert from_json({"__tuple__": 3, "a": 1}) == {"__tuple__": 3, "a": 1}


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (np.zeros(2), "'a' of 'w' is array([0., 0.]), a ndarray"),
        (print, "a builtin_function_or_method"),
        ([1, {"b": (2, {3})}], "'a' of 'w'[1]['b'][1] is {3}, a set"),
        ({1: 2}, "is {1: 2}, a dict"),
        (np.int64(3), "a int64"),
        (b"x", "a bytes"),
    ],
)
def test_what_cannot_be_saved_is_refused_when_the_world_is_named(value: Any, named: str) -> None:
    for kwargs in ({"kwargs": {"a": value}}, {"reference_kwargs": {"a": value}}):
        with pytest.raises(UsageError) as refusal:
            World("w", **kwargs)
        assert named in str(refusal.value)
        assert "which cannot be saved; expected numbers" in str(refusal.value)


def test_plans_and_trials_keep_tuples() -> None:
    recipe = Recipe("a/b", "", "ppo", "CartPole-v1", 10, env_kwargs={"size": (3, 4)})
    plan = resolve(recipe)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    trial = Trial.from_json(json.loads(json.dumps(Trial(recipe).to_json())))
    assert trial.plan().to_json() == Trial(recipe).plan().to_json()
