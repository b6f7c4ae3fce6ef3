"""The penguins recipes end with their rounds."""

from palestra.learners.estimators.catalogue import make_estimator
from palestra.learners.estimators.rounds import way_of
from palestra.recipes.penguins import RECIPES


def test_budgets_are_all_rounds() -> None:
    for recipe in RECIPES:
        assert recipe.dataset == "penguins"
        made = make_estimator(recipe.settings["estimator"], recipe.settings.get("arguments"))
        assert way_of(made).usual == recipe.budget
