"""Recipes for MovieLens 100k: every rating once, by a training that has not seen it (5 folds)."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_RATINGS = 80_000
"""To train on, of 100,000."""


def _stars(
    method: str, summary: str, learner: str, budget: int, settings: dict[str, Any], threshold: float, source: str
) -> Recipe:
    claim = Claim(threshold, source, "eval/rmse", count=0, direction="down", split="5-fold")
    return Recipe(
        f"movielens/{method}", summary, learner, dataset="movielens-100k", dataset_kwargs={"test": 0.0, "folds": 5},
        budget=budget, settings=settings, eval_count=0, paradigm="unsupervised", claim=claim,
    )  # fmt: skip


def _liked(
    method: str, summary: str, learner: str, budget: int, settings: dict[str, Any], claim: Claim, **data: Any
) -> Recipe:
    return Recipe(
        f"movielens/{method}", summary, learner, dataset="movielens-100k", dataset_kwargs={"liked": 4, **data},
        budget=budget, settings=settings, eval_count=0, paradigm="unsupervised", claim=claim,
    )  # fmt: skip


RECIPES = (
    _stars(
        "biases",
        "how kind a user is, and how good a film: no more than that",
        "matrix-factorisation",
        10 * _RATINGS,
        {"factors": 0, "penalty": 0.03},
        0.944,
        "Surprise's baseline, by 5 folds",
    ),
    _stars(
        "matrix-factorisation",
        "factors of users and films, by descent",
        "matrix-factorisation",
        20 * _RATINGS,
        {"penalty": 0.12},
        0.934,
        "Surprise's SVD, by 5 folds",
    ),
    _stars(
        "bayesian-factorisation",
        "factors of users and films, by draws from their posterior",
        "bayesian-factorisation",
        80,
        {},
        0.92,
        "Surprise's SVD++ comes to 0.919, by 5 folds in 82 to 99 s",
    ),
    _liked(
        "liked",
        "whether four stars or more",
        "binary-factorisation",
        15 * _RATINGS,
        {"penalty": 0.05},
        Claim(
            0.71,
            "scikit-learn's logistic regression on who and what: 0.712 on a fold",
            "eval/accuracy",
            count=0,
            split="5-fold",
        ),
        test=0.0,
        folds=5,
    ),
    _liked(
        "two-towers",
        "a hundred films found for each user, and put in order",
        "two-towers",
        20 * _RATINGS,
        {},
        Claim(0.6, "the hundred most popular films come to 0.5", "eval/recall", count=0, split="test"),
    ),
)
