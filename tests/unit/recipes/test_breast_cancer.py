"""The breast-cancer recipes end with their rounds."""

from palestra.learners.estimators.catalogue import make_estimator
from palestra.learners.estimators.rounds import way_of
from palestra.recipes.breast_cancer import RECIPES


def test_budgets_are_all_rounds() -> None:
    for recipe in RECIPES:
        assert recipe.dataset == "breast-cancer"
        made = make_estimator(recipe.settings["estimator"], recipe.settings.get("arguments"))
        assert way_of(made).usual == recipe.budget
