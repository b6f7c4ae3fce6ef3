"""Acrobot's recipes promise more than Gymnasium asks for."""

import gymnasium as gym

from palestra.recipes.acrobot import RECIPES


def test_claims_are_above_gymnasiums_threshold() -> None:
    threshold = gym.spec("Acrobot-v1").reward_threshold
    assert threshold == -100.0
    for recipe in RECIPES:
        assert recipe.env == "Acrobot-v1"
        assert recipe.claim is not None
        assert recipe.claim.threshold > threshold


def test_the_values_that_dqn_expects_are_those_of_a_reward_of_minus_1() -> None:
    (dqn,) = (recipe for recipe in RECIPES if recipe.learner == "dqn")
    low, high = dqn.settings["value_range"]
    assert high == 0.0  # no step pays more
    assert round(low * (1 - 0.99), 9) == -1.0  # and for ever at the default discount
