"""The landers' recipes promise at least what Gymnasium calls solved."""

import gymnasium as gym

from palestra.recipes.lunar_lander import RECIPES


def test_claims_are_at_least_gymnasiums_threshold() -> None:
    claimed = [recipe for recipe in RECIPES if recipe.claim]
    assert {recipe.env for recipe in claimed} == {"LunarLander-v3", "LunarLanderContinuous-v3"}
    for recipe in claimed:
        assert recipe.claim is not None
        assert recipe.claim.threshold >= gym.spec(recipe.env).reward_threshold == 200
        assert recipe.claim.seeds == 5


def test_continuous_actions_are_for_those_who_draw_them() -> None:
    for recipe in RECIPES:
        assert (recipe.learner in ("sac", "td3")) == (recipe.env == "LunarLanderContinuous-v3")
