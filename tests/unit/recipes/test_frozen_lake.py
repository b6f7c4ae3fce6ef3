"""The lakes' recipes promise what Gymnasium calls solved."""

import gymnasium as gym

from palestra.recipes.frozen_lake import RECIPES


def test_claims_are_gymnasiums_thresholds_and_evaluation_comes_once() -> None:
    assert {recipe.env for recipe in RECIPES} == {"FrozenLake-v1", "FrozenLake8x8-v1"}
    for recipe in RECIPES:
        assert recipe.claim is not None
        assert recipe.claim.threshold == gym.spec(recipe.env).reward_threshold
        assert recipe.claim.count == 1_000  # a return is 0 or 1: of 100, one standard error is 0.04
        assert recipe.eval_every == recipe.budget
