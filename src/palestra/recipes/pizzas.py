"""Recipes for a year of orders at a pizzeria."""

from palestra.recipes.recipe import Claim, Recipe

_ORDERS = 14_945
"""To find sets in; 2,135 are looked at meanwhile, and 4,270 are for the test."""
_LONGEST = 3
FREQUENT = 559
"""Sets of up to three pizzas that are in at least 2 of 1,000 of these orders."""

RECIPES = (
    Recipe(
        "pizzas/association-rules",
        "which pizzas are ordered together",
        "association-rules",
        dataset="pizzas",
        budget=_LONGEST * _ORDERS,
        eval_every=_LONGEST * _ORDERS,
        eval_count=0,
        paradigm="unsupervised",
        dataset_kwargs={"validation": 0.1, "test": 0.2},
        settings={"support": 0.002, "confidence": 0.15, "longest": _LONGEST},
        claim=Claim(
            FREQUENT,
            "as many as are found by counting every pizza, pair and triple of every order",
            "eval/frequent_sets",
            count=0,
            split="test",
        ),
    ),
)
