"""Recipes for a cubic under noise: too simple, right, and too willing."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe


def _polynomial(
    method: str, summary: str, settings: dict[str, Any], claim: Claim | None = None, rows: int = 100
) -> Recipe:
    return Recipe(
        f"polynomial/{method}", summary, "linear-regression", dataset="toy/polynomial", dataset_kwargs={"train": rows},
        budget=rows, settings={"solver": "closed-form", **settings}, eval_count=0, paradigm="supervised", claim=claim,
    )  # fmt: skip


RECIPES = (
    _polynomial("underfitting", "a straight line, which no number of points makes a cubic", {"degree": 1}),
    _polynomial(
        "cubic",
        "the right degree, whose error is that of the noise",
        {"degree": 3},
        Claim(0.11, "the deviation of the noise, 0.1, and a tenth", "eval/rmse", 0, 10, "down", "test"),
    ),
    _polynomial(
        "overfitting", "ten powers and twelve points: the line goes through the noise", {"degree": 10}, rows=12
    ),
    _polynomial(
        "weight-decay",
        "the same powers and points, with weights that decay",
        {"degree": 10, "weight_decay": 1e-3},
        rows=12,
    ),
)
