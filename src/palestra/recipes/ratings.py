"""Recipes for ratings that were made of two factors, biases and noise: small, and the best error is known."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_RATINGS = 6_300
"""To train on; 900 are held out to choose by, 1,800 for the test."""
_SETTINGS: dict[str, Any] = {"factors": 4, "batch_size": 256}
_NOISE = Claim(
    0.3125,
    "a quarter above the noise of 0.25, below which no one comes but by luck",
    "eval/rmse",
    count=0,
    direction="down",
    split="test",
)


def _made(
    method: str, summary: str, learner: str, budget: int, settings: dict[str, Any], claim: Claim, **data: Any
) -> Recipe:
    return Recipe(
        f"ratings/{method}", summary, learner, dataset="toy/ratings", dataset_kwargs=data, budget=budget,
        settings=settings, eval_count=0, paradigm="unsupervised", claim=claim,
    )  # fmt: skip


RECIPES = (
    _made(
        "matrix-factorisation",
        "ratings made of two factors, found again by descent",
        "matrix-factorisation",
        40 * _RATINGS,
        {**_SETTINGS, "penalty": 0.02},
        _NOISE,
    ),
    _made(
        "bayesian-factorisation",
        "the same, by draws from the posterior",
        "bayesian-factorisation",
        80,
        {"factors": 4},
        _NOISE,
    ),
    _made(
        "binary-factorisation",
        "whether they are above the mean",
        "binary-factorisation",
        40 * _RATINGS,
        {**_SETTINGS, "penalty": 0.01},
        Claim(
            0.71,
            "what biases alone come to (scikit-learn's logistic regression on who and what: 0.706); the truth: 0.93",
            "eval/accuracy",
            count=0,
            split="test",
        ),
        liked=True,
    ),
    _made(
        "two-towers",
        "films found by what is known of them, then put in order",
        "two-towers",
        15 * _RATINGS,
        {"own": 0, "retrieved": 20, "batch_size": 256, "learning_rate": 0.01},
        Claim(0.3, "the twenty most popular films come to a quarter", "eval/recall", count=0, split="test"),
        liked=True,
    ),
)
