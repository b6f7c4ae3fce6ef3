"""The mountain cars' recipes are held to Gymnasium's thresholds."""

import gymnasium as gym

from palestra.recipes.mountain_car import RECIPES


def test_claims_stand_where_gymnasiums_thresholds_do() -> None:
    claims = {
        recipe.id: (recipe.claim.threshold, gym.spec(recipe.env).reward_threshold) for recipe in RECIPES if recipe.claim
    }
    assert claims.pop("mountain-car/dqn") == (-115.0, -110.0)
    continuous = [f"mountain-car-continuous/{method}" for method in ("sac", "sac-demonstrations", "cem")]
    assert claims == dict.fromkeys(continuous, (90.0, 90.0))


def test_the_values_that_dqn_expects_are_those_of_a_reward_of_minus_1() -> None:
    (dqn,) = (recipe for recipe in RECIPES if recipe.learner == "dqn")
    low, high = dqn.settings["value_range"]
    assert (high, round(low * (1 - dqn.settings["gamma"]), 9)) == (0.0, -1.0)
