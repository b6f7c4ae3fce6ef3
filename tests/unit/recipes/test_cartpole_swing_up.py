"""The cart-pole's recipes claim a share of what ten seconds can pay."""

from palestra.envs.classic.cartpole_swing_up import CartPoleSwingUp
from palestra.recipes.cartpole_swing_up import RECIPES


def test_all_claim_the_same_and_less_than_there_is() -> None:
    claims = [recipe.claim for recipe in RECIPES]
    assert len({(claim.threshold, claim.count) for claim in claims if claim}) == 1
    assert all(claim and claim.threshold < CartPoleSwingUp.max_episode_steps for claim in claims)
