"""The clouds' recipes: they claim what theory allows, less a margin, and where a line is no good they claim nothing."""

import pytest

from palestra.datasets.two_blobs import best_accuracy, load
from palestra.recipes.blobs import BESIDE, RECIPES, WITHIN


def test_claims_are_a_margin_below_one_minus_the_bayes_error() -> None:
    assert pytest.approx(BESIDE, abs=5e-5) == best_accuracy("beside")
    assert pytest.approx(WITHIN, abs=5e-5) == best_accuracy("within")
    thresholds = {recipe.method: recipe.claim.threshold for recipe in RECIPES if recipe.claim}
    assert thresholds == {"softmax": 0.8744, "mlp": 0.8744, "mlp-within": 0.8177, "k-means": 15_170.3}


def test_they_train_for_whole_epochs_and_are_judged_at_the_end() -> None:
    rows = len(load()["train"].inputs)
    for recipe in RECIPES:
        if recipe.learner == "k-means":  # which stops by itself
            continue
        assert recipe.budget == recipe.eval_every
        assert recipe.budget % rows == 0
