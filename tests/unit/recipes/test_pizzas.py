"""The pizzas' recipe looks at all orders to train on once for each size of sets."""

from palestra.datasets.dataset import known_cards
from palestra.datasets.tables.splits import Cut
from palestra.recipes.pizzas import RECIPES


def test_its_budget_is_a_pass_for_each_size() -> None:
    (recipe,) = RECIPES
    orders = Cut(**recipe.dataset_kwargs).rows(known_cards()[recipe.dataset].rows)
    assert set(orders) == {"train", "validation", "test"}
    assert recipe.budget == recipe.settings["longest"] * len(orders["train"])
