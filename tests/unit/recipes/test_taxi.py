"""Taxi's recipes promise what its starts allow, which is less than Gymnasium asks for."""

import gymnasium as gym

from palestra.recipes.taxi import RECIPES


def test_the_claim_is_between_luck_and_the_optimum() -> None:
    taxi = gym.make("Taxi-v4").unwrapped
    assert gym.spec("Taxi-v4").reward_threshold == 8 > 7.93
    assert (taxi.initial_state_distrib > 0).sum() == 300  # type: ignore[attr-defined]
    for recipe in RECIPES:
        assert recipe.env == "Taxi-v4"
        assert recipe.claim is not None
        assert 7.0 < recipe.claim.threshold < 7.93
        assert recipe.claim.count == 1_000
        assert recipe.eval_every == recipe.budget
