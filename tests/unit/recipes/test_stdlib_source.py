"""The standard library's recipe: a budget that is reached at an evaluation."""

from palestra.recipes.stdlib_source import RECIPES


def test_it_is_evaluated_where_it_ends() -> None:
    (recipe,) = RECIPES
    assert (recipe.id, recipe.learner, recipe.dataset) == ("stdlib-source/gpt", "character-model", "stdlib-source")
    assert recipe.budget % recipe.eval_every == recipe.eval_count == 0
