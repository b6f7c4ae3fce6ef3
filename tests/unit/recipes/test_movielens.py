"""MovieLens' recipes: every rating is judged once, and claims are held against what others came to."""

from palestra.recipes.movielens import RECIPES


def test_stars_are_judged_by_folds_of_all_ratings() -> None:
    for recipe in RECIPES:
        assert recipe.claim is not None
        if recipe.claim.split == "5-fold":
            assert recipe.dataset_kwargs["test"] == 0.0
            assert recipe.dataset_kwargs["folds"] == 5


def test_better_methods_claim_more() -> None:
    thresholds = {recipe.method: recipe.claim.threshold for recipe in RECIPES if recipe.claim}
    assert thresholds["bayesian-factorisation"] < thresholds["matrix-factorisation"] < thresholds["biases"]
