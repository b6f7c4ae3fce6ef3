"""The recipe for made baskets looks at all of them once for each size of sets."""

from palestra.datasets.baskets import load
from palestra.recipes.baskets import RECIPES


def test_its_budget_is_a_pass_for_each_size() -> None:
    (recipe,) = RECIPES
    assert recipe.budget == recipe.settings["longest"] * len(load()["train"].inputs)
