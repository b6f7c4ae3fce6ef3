"""All recipes by id."""

from palestra.errors import UsageError, unknown_name
from palestra.recipes import arm, bandits, box2d, cartpole, classic_control, grids, mujoco, tabular
from palestra.recipes.recipe import Recipe

_FAMILIES = (
    cartpole.RECIPES,
    classic_control.RECIPES,
    box2d.RECIPES,
    mujoco.RECIPES,
    arm.RECIPES,
    bandits.RECIPES,
    grids.RECIPES,
    tabular.RECIPES,
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
