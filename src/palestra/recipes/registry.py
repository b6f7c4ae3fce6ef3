"""All recipes by id. A file in this room with ``RECIPES`` is a task family, and is found by itself."""

import importlib
import pkgutil

from palestra import recipes
from palestra.errors import UsageError, unknown_name
from palestra.recipes.recipe import Recipe

_ORDER = (
    "cartpole", "acrobot", "mountain_car", "pendulum", "lunar_lander", "half_cheetah", "arm", "bandits", "cliff",
    "frozen_lake", "taxi", "gridworld", "diabetes", "polynomial", "house_prices", "digits", "fashion", "mnist",
    "cifar10", "dates", "stdlib_source",
)  # fmt: skip
"""How the list begins; families that are not named here come after these."""
_FOUND = {module.name for module in pkgutil.iter_modules(recipes.__path__)} - {"recipe", "registry"}
_FAMILIES = [
    importlib.import_module(f"palestra.recipes.{name}").RECIPES
    for name in (*_ORDER, *sorted(_FOUND.difference(_ORDER)))
]

RECIPES: dict[str, Recipe] = {recipe.id: recipe for family in _FAMILIES for recipe in family}
"""Every registered recipe; each enters the list, the docs and the contract tests by itself."""

if len(RECIPES) != sum(len(family) for family in _FAMILIES):
    raise UsageError("two recipes have one id; expected each id once")


def get_recipe(recipe_id: str) -> Recipe:
    """The recipe of an id; UsageError with the nearest names if there is none."""
    if recipe_id not in RECIPES:
        raise unknown_name("recipe", recipe_id, RECIPES)
    return RECIPES[recipe_id]
