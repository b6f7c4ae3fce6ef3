"""Recipes for points among which a few outliers are: the best F1 that there can be is known."""

from palestra.recipes.recipe import Claim, Recipe

_ROWS = 1_000
"""To train on."""
BEST = 0.8279
"""F1 of whoever knows both densities."""

RECIPES = (
    Recipe(
        "outliers/gaussian",
        "two Gaussians find outliers in the plane",
        "gaussian-anomaly",
        dataset="toy/outliers",
        budget=_ROWS,
        eval_count=0,
        paradigm="unsupervised",
        claim=Claim(
            round(BEST - 0.03, 4),
            f"{BEST} is the most that the true densities allow; 0.03 less for a threshold by 50 outliers",
            "eval/f1",
            count=0,
            split="test",
        ),
    ),
    Recipe(
        "outliers/isolation-forest",
        "trees that cut at random set outliers apart soonest, by scikit-learn; it claims nothing",
        "library-detector",
        dataset="toy/outliers",
        budget=100,
        eval_every=100,
        eval_count=0,
        settings={"estimator": "IsolationForest"},
        paradigm="unsupervised",
    ),
)
