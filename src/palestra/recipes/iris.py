"""Recipes for irises: four lengths and widths, and three species."""

from palestra.recipes.recipe import Claim, Recipe

_ROWS = 90
"""To train on; 30 are held out to choose by, and as many for the test."""
_QUESTIONS = 3
"""That a row is asked at most."""

RECIPES = (
    Recipe(
        "iris/pca",
        "four lengths and widths by two numbers",
        "pca",
        dataset="iris",
        budget=_ROWS,
        eval_count=0,
        paradigm="unsupervised",
        settings={"components": 2},
        claim=Claim(
            0.22,
            "scikit-learn's PCA comes to 0.205 to 0.215 deviations on three such partitions",
            "eval/rmse",
            count=0,
            direction="down",
            split="5-fold",
        ),
    ),
    Recipe(
        "iris/tree",
        "three questions tell three species apart",
        "decision-tree",
        dataset="iris",
        budget=_QUESTIONS * _ROWS,
        eval_every=_QUESTIONS * _ROWS,
        eval_count=0,
        paradigm="supervised",
        settings={"depth": _QUESTIONS, "least_of_leaf": 3},
        claim=Claim(
            0.9,
            "scikit-learn's tree comes to 0.933 to 0.983 on five such partitions",
            "eval/accuracy",
            count=0,
            split="5-fold",
        ),
    ),
)
