"""The masked CartPole's recipes claim nine tenths of what an episode can pay."""

from palestra.envs.hidden.cartpole_masked import CartPoleMasked
from palestra.recipes.cartpole_masked import RECIPES


def test_claims_are_nine_tenths_of_an_episode() -> None:
    assert {recipe.claim.threshold for recipe in RECIPES if recipe.claim} == {0.9 * CartPoleMasked.max_episode_steps}
    assert all(recipe.env == "palestra/CartPoleMasked-v0" for recipe in RECIPES)
