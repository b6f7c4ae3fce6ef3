"""Recipes for the house prices of Ames, by the logarithm of the price: their RMSE is the competition's log-RMSE."""

from typing import Any

from palestra.recipes.recipe import Recipe

_ROWS = 876
"""To train on; 292 are held out to choose by, and as many for the test."""


def _prices(method: str, summary: str, epochs: int, settings: dict[str, Any], **data: Any) -> Recipe:
    return Recipe(
        f"house-prices/{method}", summary, "linear-regression", dataset="house-prices", dataset_kwargs=data,
        budget=epochs * _ROWS, settings=settings, eval_count=0, paradigm="supervised",
    )  # fmt: skip


RECIPES = (
    _prices("linear", "linear regression on 79 facts, batch by batch", 100, {"batch_size": 64, "learning_rate": 0.03}),
    _prices(
        "ridge",
        "linear regression at once, with weights that decay and logarithms of what is skewed",
        1,
        {"solver": "closed-form", "weight_decay": 0.02},
        log_skewed=True,
    ),
)
