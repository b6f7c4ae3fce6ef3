"""Recipes for made baskets, in which it is known what goes together."""

from palestra.recipes.recipe import Claim, Recipe

_BASKETS = 2_000
"""To find rules in."""
_LONGEST = 3

RECIPES = (
    Recipe(
        "baskets/association-rules",
        "bread brings butter, flour and yeast bring sugar: found again",
        "association-rules",
        dataset="toy/baskets",
        budget=_LONGEST * _BASKETS,
        eval_every=_LONGEST * _BASKETS,
        eval_count=0,
        paradigm="unsupervised",
        settings={"support": 0.005, "confidence": 0.5, "longest": _LONGEST},
        claim=Claim(
            0.75,
            "who names the five that are bought most finds 0.717 of what is hidden",
            "eval/hit_rate",
            count=0,
            split="test",
        ),
    ),
)
