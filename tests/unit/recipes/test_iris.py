"""The irises' recipes count whole passes over what there is to train on."""

from palestra.datasets.dataset import Dataset
from palestra.recipes.iris import RECIPES


def test_budgets_are_whole_passes() -> None:
    rows = len(Dataset("iris").load()["train"].inputs)
    for recipe in RECIPES:
        assert recipe.dataset == "iris"
        assert recipe.budget % rows == 0
