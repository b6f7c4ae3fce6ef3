"""Recipes for the house prices of Ames, by the logarithm of the price: their RMSE is the competition's log-RMSE."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_ROWS = 876
"""To train on; 292 are held out to choose by, and as many for the test."""


def _prices(method: str, summary: str, epochs: int, settings: dict[str, Any], claim: Claim, **data: Any) -> Recipe:
    return Recipe(
        f"house-prices/{method}", summary, "linear-regression", dataset="house-prices", dataset_kwargs=data,
        budget=epochs * _ROWS, settings=settings, eval_count=0, paradigm="supervised", claim=claim,
    )  # fmt: skip


def _claim(threshold: float, source: str) -> Claim:
    """By 5 folds of the houses that are not kept for the test, of another partition for every seed."""
    return Claim(threshold, source, "eval/rmse", count=0, direction="down", split="5-fold")


_PARTS = {"n_estimators": 600, "learning_rate": 0.05, "max_depth": 3, "subsample": 0.7, "colsample_bytree": 0.3}
"""Of XGBoost: many small trees, each of other rows and columns."""

RECIPES = (
    _prices(
        "linear",
        "linear regression on 79 facts, batch by batch",
        100,
        {"batch_size": 64, "learning_rate": 0.03},
        _claim(0.170, "the textbook's, by 5 folds and a hundred epochs"),
    ),
    _prices(
        "ridge",
        "linear regression at once, with weights that decay and logarithms of what is skewed",
        1,
        {"solver": "closed-form", "weight_decay": 0.02},
        _claim(0.14, "well below the textbook's 0.170, and still a line"),
        log_skewed=True,
    ),
    Recipe(
        "house-prices/boosting",
        "XGBoost: six hundred small trees, each of other rows and columns; from all houses but the largest",
        "library-regressor",
        dataset="house-prices",
        dataset_kwargs={"large": False, "test": 0.0},
        budget=600,
        settings={"estimator": "XGBRegressor", "arguments": _PARTS, "rounds_per_step": 20},
        eval_every=100,
        eval_count=0,
        paradigm="supervised",
        claim=_claim(0.13, "what a tuned boosting comes to in the competition, as its lists and notebooks have it"),
    ),
)
