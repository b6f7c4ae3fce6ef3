"""Recipes for a space shuttle's radiators: nine readings, of which 7 of 100 are not normal."""

from palestra.recipes.recipe import Claim, Recipe

_ROWS = 29_459
"""To train on; 9,819 are held out to choose by, and as many for the test."""

RECIPES = (
    Recipe(
        "shuttle/gaussian",
        "a Gaussian for each reading, and what is improbable is an anomaly",
        "gaussian-anomaly",
        dataset="shuttle",
        budget=_ROWS,
        eval_count=0,
        paradigm="unsupervised",
        claim=Claim(
            0.96,
            "scikit-learn's isolation forest comes to 0.969 on the same rows, its elliptic envelope to 0.796",
            "eval/f1",
            count=0,
            split="test",
        ),
    ),
)
