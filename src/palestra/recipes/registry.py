"""All recipes by id."""

from palestra.errors import UsageError, unknown_name
from palestra.recipes import (
    acrobot,
    arm,
    bandits,
    cartpole,
    cliff,
    frozen_lake,
    gridworld,
    half_cheetah,
    lunar_lander,
    mountain_car,
    pendulum,
    taxi,
)
from palestra.recipes.recipe import Recipe

_FAMILIES = (
    cartpole.RECIPES,
    acrobot.RECIPES,
    mountain_car.RECIPES,
    pendulum.RECIPES,
    lunar_lander.RECIPES,
    half_cheetah.RECIPES,
    arm.RECIPES,
    bandits.RECIPES,
    cliff.RECIPES,
    frozen_lake.RECIPES,
    taxi.RECIPES,
    gridworld.RECIPES,
)

RECIPES: dict[str, Recipe] = {recipe.id: recipe for family in _FAMILIES for recipe in family}
"""Every registered recipe; each enters the list, the docs and the contract tests by itself."""

if len(RECIPES) != sum(len(family) for family in _FAMILIES):
    raise UsageError("two recipes have one id; expected each id once")


def get_recipe(recipe_id: str) -> Recipe:
    """The recipe of an id; UsageError with the nearest names if there is none."""
    if recipe_id not in RECIPES:
        raise unknown_name("recipe", recipe_id, RECIPES)
    return RECIPES[recipe_id]
