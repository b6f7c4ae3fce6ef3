"""Recipes for diabetes: ten facts about a patient, and how far it has gone in a year."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_ROWS = 266
"""To train on; 88 are held out to choose by, and as many for the test."""


_CLAIM = Claim(
    60.0,
    "a constant comes to 77; of least squares partitions alone make 53 to 58",
    "eval/rmse",
    0,
    10,
    "down",
    "5-fold",
)


def _linear(method: str, summary: str, epochs: int, settings: dict[str, Any]) -> Recipe:
    return Recipe(
        f"diabetes/{method}", summary, "linear-regression", dataset="diabetes", budget=epochs * _ROWS,
        settings=settings, eval_count=0, paradigm="supervised", claim=_CLAIM,
    )  # fmt: skip


_DESCENT = {"batch_size": 32, "batches_per_step": 5}
RECIPES = (
    _linear("linear-closed-form", "linear regression at once", 1, {"solver": "closed-form"}),
    _linear("ridge", "the same with weights that decay", 1, {"solver": "closed-form", "weight_decay": 0.05}),
    _linear(
        "linear-autograd", "linear regression, its derivative by autograd", 100, {**_DESCENT, "solver": "autograd"}
    ),
    _linear("linear", "linear regression, batch by batch, its derivative written by hand", 100, _DESCENT),
    Recipe(
        "diabetes/forest",
        "a random forest by scikit-learn, and its out-of-bag error",
        "library-regressor",
        dataset="diabetes",
        budget=100,
        settings={"estimator": "RandomForestRegressor", "arguments": {"n_estimators": 100}},
        eval_every=50,
        eval_count=0,
        paradigm="supervised",
        claim=_CLAIM,
    ),
    Recipe(
        "diabetes/tree",
        "questions instead of sums, three deep",
        "regression-tree",
        dataset="diabetes",
        budget=3 * _ROWS,
        eval_every=3 * _ROWS,
        eval_count=0,
        paradigm="supervised",
        settings={"depth": 3, "least_of_leaf": 10},
        claim=Claim(
            70.0,
            "well below a constant's 77, and well above the 56 of a line; scikit-learn's tree comes to 59 to 62",
            "eval/rmse",
            count=0,
            direction="down",
            split="5-fold",
        ),
    ),
)
