"""Recipes for breast cancer: thirty measures of cell nuclei, malignant or benign."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_CLAIM = Claim(0.95, "TO BE MEASURED", "eval/accuracy", count=0, split="5-fold")


def _cells(method: str, summary: str, rounds: int, settings: dict[str, Any]) -> Recipe:
    """By 5 folds of the rows that are not kept for the test, of another partition for every seed."""
    return Recipe(
        f"breast-cancer/{method}", summary, "library-classifier", dataset="breast-cancer", budget=rounds,
        settings=settings, eval_count=0, paradigm="supervised", claim=_CLAIM,
    )  # fmt: skip


RECIPES = (
    _cells("logistic", "logistic regression by scikit-learn", 1, {"estimator": "LogisticRegression"}),
    _cells(
        "forest",
        "a random forest by scikit-learn, and its out-of-bag error",
        200,
        {"estimator": "RandomForestClassifier", "arguments": {"n_estimators": 200}},
    ),
)
