"""Made ratings' recipes: what they claim is what their noise allows, less a margin."""

from palestra.datasets.made_ratings import NOISE, load
from palestra.recipes.ratings import RECIPES


def test_no_claim_is_better_than_the_noise() -> None:
    thresholds = {recipe.method: recipe.claim.threshold for recipe in RECIPES if recipe.claim}
    for method in ("matrix-factorisation", "bayesian-factorisation"):
        assert NOISE < thresholds[method] <= 1.25 * NOISE


def test_they_train_for_whole_epochs() -> None:
    rows = len(load()["train"].inputs)
    for recipe in RECIPES:
        if recipe.learner != "bayesian-factorisation":
            assert recipe.budget % rows == 0
