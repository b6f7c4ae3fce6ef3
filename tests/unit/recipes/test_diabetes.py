"""The recipes for diabetes count whole epochs of what there is to train on."""

from palestra.datasets.dataset import Dataset
from palestra.recipes.diabetes import RECIPES


def test_budgets_are_whole_epochs_and_both_forms_descend_alike() -> None:
    rows = len(Dataset("diabetes").load()["train"].inputs)
    for recipe in (recipe for recipe in RECIPES if not recipe.learner.startswith("library-")):
        assert recipe.dataset == "diabetes"
        assert recipe.budget % rows == 0
    by_autograd, by_hand = (recipe for recipe in RECIPES if recipe.method in ("linear", "linear-autograd"))
    assert by_autograd.settings == {**by_hand.settings, "solver": "autograd"}
