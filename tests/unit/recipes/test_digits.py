"""The digits' recipes count whole epochs of what there is to train on."""

from palestra.datasets.dataset import Dataset
from palestra.recipes.digits import RECIPES


def test_budgets_are_whole_epochs() -> None:
    images = len(Dataset("digits").load()["train"].inputs)
    for recipe in (recipe for recipe in RECIPES if not recipe.learner.startswith("library-")):
        assert recipe.dataset == "digits"
        assert recipe.budget % images == 0
