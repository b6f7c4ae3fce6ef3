"""Recipes for dates: from how people write them in eleven languages to ISO 8601."""

from palestra.recipes.recipe import Claim, Recipe

ROWS = 40_000
"""To train on; days of two centuries that are in no other split."""

RECIPES = (
    Recipe(
        "dates/transformer", "an encoder and a decoder that looks at it, taught token by token", "translator",
        dataset="dates", budget=3 * ROWS, settings={"batch_size": 64}, eval_every=ROWS // 2, eval_count=0,
        paradigm="supervised",
        claim=Claim(
            0.98, "all letters right, of days that are in no other split", "eval/exact_match", 0, split="test",
        ),
    ),
)  # fmt: skip
