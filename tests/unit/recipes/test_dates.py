"""The dates' recipe: whole epochs, measured on all that is held out."""

from palestra.recipes.dates import RECIPES, ROWS


def test_three_epochs_of_the_rows_that_are_made() -> None:
    (recipe,) = RECIPES
    assert (recipe.id, recipe.learner, recipe.dataset) == ("dates/transformer", "translator", "dates")
    assert recipe.budget == 3 * ROWS
    assert recipe.budget % recipe.eval_every == recipe.eval_count == 0
    assert recipe.dataset_kwargs == {}  # whose default makes so many rows
