"""Trainings without a recipe, as commands ask for them: who learns, and what from."""

from collections.abc import Mapping
from typing import Any

from palestra.cli.arguments import ADHOC_BUDGET
from palestra.envs.modules import plain_id
from palestra.errors import UsageError
from palestra.recipes.recipe import Recipe

PAIRS = {
    "--algo": ("--env-id", "--algo ppo --env-id CartPole-v1"),
    "--env-id": ("--algo", "--algo ppo --env-id CartPole-v1"),
    "--estimator": ("--data", "--estimator RandomForestClassifier --data digits"),
    "--data": ("--estimator", "--estimator RandomForestClassifier --data digits"),
}
"""Each option with the one that it goes with, and both together."""


def named(args: Any) -> dict[str, str]:
    """Which of these options a command was given, and as what."""
    asked = {option: getattr(args, option.removeprefix("--").replace("-", "_")) for option in PAIRS}
    return {option: value for option, value in asked.items() if value is not None}


def recipe_of(given: Mapping[str, str], budget: int | None, overrides: Mapping[str, Any]) -> Recipe:
    """The recipe that an algorithm or an estimator makes with an environment or a data set.

    Args:
        given: what ``named`` found, at least one.
        budget: where it stops; as usual if None.
        overrides: settings that go with it, the estimator's arguments among them; they are not in the recipe.

    Raises UsageError, with an example, for anything but one who learns and one to learn from.
    """
    if len(given) == 1:
        (option,) = given
        missing, example = PAIRS[option]
        raise UsageError(f"{option} without {missing}; expected both, e.g. {example}")
    match given:
        case {"--algo": algo, "--env-id": env_id, **rest} if not rest:
            from palestra.trials.plan import adhoc_recipe  # imports torch

            return adhoc_recipe(algo, plain_id(env_id), ADHOC_BUDGET if budget is None else budget)
        case {"--algo": algo, "--data": data, **rest} if not rest:
            from palestra.trials.adhoc import data_recipe

            return data_recipe(algo, data, ADHOC_BUDGET if budget is None else budget)
        case {"--estimator": estimator, "--data": data, **rest} if not rest:
            from palestra.trials.adhoc import estimator_recipe

            return estimator_recipe(estimator, data, budget, overrides)
    both = PAIRS["--data"][1]
    raise UsageError(f"{' with '.join(given)}; expected one who learns and one to learn from, e.g. {both}")
