"""The polynomials' recipes: one degree too small, one right, one too large, and that one with weight decay."""

from palestra.recipes.polynomial import RECIPES


def test_degrees_and_rows() -> None:
    facts = [(r.method, r.settings["degree"], r.dataset_kwargs["train"]) for r in RECIPES]
    assert facts == [("underfitting", 1, 100), ("cubic", 3, 100), ("overfitting", 10, 12), ("weight-decay", 10, 12)]
    assert {recipe.budget == recipe.dataset_kwargs["train"] for recipe in RECIPES} == {True}  # it is done at once
    assert [recipe.settings.get("weight_decay", 0) > 0 for recipe in RECIPES] == [False, False, False, True]
