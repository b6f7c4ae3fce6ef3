"""Recipes for Python's own standard library: what comes next, byte by byte?"""

from palestra.recipes.recipe import Recipe

RECIPES = (
    Recipe(
        "stdlib-source/gpt", "a small transformer that writes something like Python", "character-model",
        dataset="stdlib-source", budget=32_000, eval_every=4_000, eval_count=0, paradigm="supervised",
    ),
)  # fmt: skip
