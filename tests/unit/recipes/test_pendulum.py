"""Pendulum's recipes are measured on so many episodes that luck with their starts is no part of a verdict."""

import math

from palestra.recipes.pendulum import RECIPES

PLANNERS = ("ilqr", "cem", "mppi", "predictive-sampling")
LEARNED = [recipe for recipe in RECIPES if recipe.learner not in PLANNERS]


def test_claims_are_one_figure_whose_error_is_a_quarter_of_the_margin() -> None:
    claims = [recipe.claim for recipe in LEARNED if recipe.claim]
    assert {claim.threshold for claim in claims} == {-160.0}
    for claim in claims:
        assert 85 / math.sqrt(claim.count) < (-152 - claim.threshold) / 4  # returns of starts differ by 85


def test_planners_claim_a_third_more_than_the_optimum_costs() -> None:
    planned = [recipe for recipe in RECIPES if recipe.learner in PLANNERS]
    assert [recipe.learner for recipe in planned] == [*PLANNERS]
    for recipe in planned:
        assert recipe.claim is not None
        assert recipe.claim.threshold == -138 * 4 / 3


def test_who_chooses_a_best_checkpoint_does_so_on_many_episodes() -> None:
    for recipe in RECIPES:
        if recipe.claim and recipe.eval_every < recipe.budget:
            assert recipe.eval_count == 200
