"""The recipe for outliers claims what theory allows, less a margin."""

import pytest

from palestra.datasets.outliers import best_f1, load
from palestra.recipes.outliers import BEST, RECIPES


def test_the_claim_is_a_margin_below_the_best_f1_that_there_is() -> None:
    assert pytest.approx(BEST, abs=5e-5) == best_f1()
    recipe, forest = RECIPES
    assert recipe.claim is not None
    assert forest.claim is None
    assert recipe.claim.threshold == round(BEST - 0.03, 4)
    assert recipe.budget == len(load()["train"].inputs)
