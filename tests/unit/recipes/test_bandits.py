"""The bandits' recipes: the thresholds of their claims are those of theory, computed here."""

import math

from palestra.recipes.bandits import RECIPES

BY_ID = {recipe.id: recipe for recipe in RECIPES}


def test_regret_like_a_root_is_where_slower_growth_begins() -> None:
    figures = {recipe.claim.threshold for recipe in RECIPES if recipe.claim and "first_half" in recipe.claim.metric}
    assert figures == {0.7072}
    assert math.sqrt(0.5) < 0.7072 < math.log(2500) / math.log(5000)


def test_ucb1_long_claims_what_its_theorem_gives_for_its_arms() -> None:
    recipe = BY_ID["bandit/ucb1-long"]
    n, gap = recipe.budget, 0.9 - 0.6
    pulls = 9 * (8 * math.log(n) / gap**2 + 1 + math.pi**2 / 3)  # of the nine arms that pay less, at most
    assert recipe.claim is not None
    assert recipe.claim.threshold == round(1 - pulls / n, 4)


def test_arms_are_given_where_theory_has_a_figure_and_evaluation_comes_once() -> None:
    for recipe in RECIPES:
        assert (recipe.env_kwargs == {"means": [0.9] + [0.6] * 9}) == (recipe.task == "bandit")
        assert recipe.eval_every == recipe.budget
        assert recipe.num_envs == 2_000
