"""What a claim promises, in either direction."""

import math

from palestra.recipes.recipe import Claim, Recipe


def test_more_may_be_better_or_less() -> None:
    up, down = Claim(475.0, "a threshold"), Claim(0.5, "a threshold", "eval/error", direction="down")
    assert (up.sign, down.sign) == (">=", "<=")
    assert [up.reached_by(value) for value in (474.0, 475.0, 476.0, math.nan)] == [False, True, True, False]
    assert [down.reached_by(value) for value in (0.4, 0.5, 0.6, math.nan)] == [True, True, False, False]


def test_an_id_is_a_task_and_a_method() -> None:
    recipe = Recipe("frozen-lake/q-learning", "", "q-learning", "FrozenLake-v1", 1, 1)
    assert (recipe.task, recipe.method) == ("frozen-lake", "q-learning")
