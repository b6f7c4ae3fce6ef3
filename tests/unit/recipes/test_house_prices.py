"""The recipes for the house prices count whole epochs of what there is to train on."""

from palestra.datasets.dataset import Dataset
from palestra.recipes.house_prices import RECIPES


def test_budgets_are_whole_epochs() -> None:
    rows = len(Dataset("house-prices", {"stand_in": True}).load()["train"].inputs)
    for recipe in (recipe for recipe in RECIPES if not recipe.learner.startswith("library-")):
        assert recipe.dataset == "house-prices"
        assert recipe.budget % rows == 0
