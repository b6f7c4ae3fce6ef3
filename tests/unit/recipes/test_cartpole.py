"""CartPole's recipes promise what Gymnasium calls solved."""

import gymnasium as gym

from palestra.recipes.cartpole import RECIPES


def test_every_claim_is_gymnasiums_threshold_and_a_target_is_above_it() -> None:
    threshold = gym.spec("CartPole-v1").reward_threshold
    assert {recipe.claim.threshold for recipe in RECIPES if recipe.claim} == {threshold} == {475.0}
    for recipe in RECIPES:
        if recipe.target is not None:
            assert threshold < recipe.target <= gym.spec("CartPole-v1").max_episode_steps
            assert recipe.eval_count == 100  # of fewer, the first to come to the target is too often a lucky one


def test_what_must_be_beaten_claims_nothing() -> None:
    assert next(recipe for recipe in RECIPES if recipe.learner == "random").claim is None
