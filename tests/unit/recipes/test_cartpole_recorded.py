"""What is learned from CartPole's mixed episodes: the same ones for all, and a claim that copying does not reach."""

from palestra.recipes.cartpole_recorded import RECIPES


def test_all_learn_from_the_same_episodes() -> None:
    assert {recipe.settings["data"] for recipe in RECIPES} == {"cartpole-mixed"}
    assert {recipe.env for recipe in RECIPES} == {"CartPole-v1"}
    assert [recipe.settings.get("best_share", 1.0) for recipe in RECIPES] == [1.0, 1.0, 0.1]


def test_only_who_is_to_beat_the_others_claims_something() -> None:
    assert [recipe.method for recipe in RECIPES if recipe.claim] == ["decision-transformer"]
