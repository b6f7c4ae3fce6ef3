"""The recipe for labels claims what the truth comes to, less a margin, and trains for whole epochs."""

import pytest

from palestra.datasets.made_labels import best_hamming, load
from palestra.recipes.labels import BEST, RECIPES


def test_it_claims_a_margin_above_what_the_truth_says_wrongly() -> None:
    (recipe,) = RECIPES
    assert pytest.approx(BEST, abs=5e-5) == best_hamming()
    assert recipe.claim is not None
    assert BEST < recipe.claim.threshold <= BEST + 0.006
    assert recipe.budget % len(load()["train"].inputs) == 0
