"""The shuttle's recipe fits once to all that there is to train on."""

from palestra.datasets.dataset import known_cards
from palestra.datasets.tables.splits import Cut
from palestra.recipes.shuttle import RECIPES


def test_its_budget_is_one_pass() -> None:
    (recipe,) = RECIPES
    rows = known_cards()[recipe.dataset].rows
    assert recipe.budget == len(Cut().rows(rows)["train"])
