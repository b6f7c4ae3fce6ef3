"""The command that trains a run again says all that the run was asked for."""

import shlex
from typing import Any

import pytest

from palestra.cli.arguments import parse
from palestra.cli.train import Args, asked_recipe, overrides_of
from palestra.exports.command import training_command
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import Plan, adhoc_recipe, resolve

CHANGED: dict[str, Any] = {
    "learner.hidden_sizes": (32, 16), "learner.activation": "relu", "learner.target_kl": None, "world.num_envs": 4,
    "world.kwargs.gravity": 9.5, "training.seed": 7, "training.budget": 5_000, "training.target": 300.0,
    "learner.normalize_obs": True,
}  # fmt: skip
"""Of PPO on CartPole."""


def again(command: str) -> Plan:
    """What the command line makes of it."""
    program, train, *argv = shlex.split(command)
    assert (program, train) == ("palestra", "train")
    args = parse(Args, argv, "train")
    recipe = asked_recipe(args)
    assert recipe is not None
    return resolve(recipe, overrides_of(args))


@pytest.mark.parametrize("changed", [{}, CHANGED])
@pytest.mark.parametrize("adhoc", [False, True])
def test_it_gives_the_same_plan(changed: dict[str, Any], adhoc: bool) -> None:
    recipe = adhoc_recipe("ppo", "CartPole-v1", 40_000) if adhoc else get_recipe("cartpole/ppo")
    plan = resolve(recipe, changed)
    found = again(training_command(plan))
    assert (found.learner, found.source, found.recipe) == (plan.learner, plan.source, plan.recipe)
    assert found.training == plan.training


def test_of_data_too() -> None:
    plan = resolve(get_recipe("digits/softmax"), {"learning_rate": 0.05, "training.seed": 3})
    command = training_command(plan)
    assert "--set learner.learning_rate=0.05" in command
    assert "--seed 3" in command
    assert again(command).learner == plan.learner
