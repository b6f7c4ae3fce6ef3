"""HalfCheetah's recipes: what is claimed, of whom, within what budget."""

from palestra.recipes.half_cheetah import RECIPES


def test_claims_order_the_methods_as_the_literature_does() -> None:
    claims = {recipe.learner: recipe.claim.threshold for recipe in RECIPES if recipe.claim}
    assert claims == {"ppo": 4000.0, "sac": 9000.0}
    assert {recipe.budget for recipe in RECIPES if recipe.claim} == {1_000_000}
    assert all(recipe.claim.seeds <= 3 for recipe in RECIPES if recipe.claim)  # each takes an hour


def test_all_run_in_the_same_world() -> None:
    assert {(recipe.env, recipe.env_kwargs == {}) for recipe in RECIPES} == {("HalfCheetah-v5", True)}
