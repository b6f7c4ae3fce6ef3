"""The T-maze's claims stand above what is to be had without a memory, by far more than luck, and below all there is."""

import math

from palestra.envs.hidden.t_maze import BEST, T_MAZE, WITHOUT_MEMORY
from palestra.recipes.t_maze import RECIPES


def test_claims_are_out_of_reach_of_who_does_not_remember() -> None:
    for recipe in RECIPES:
        assert recipe.env == T_MAZE
        assert recipe.claim is not None
        error = math.sqrt(WITHOUT_MEMORY * (1 - WITHOUT_MEMORY) / recipe.claim.count)
        assert WITHOUT_MEMORY + 8 * error < recipe.claim.threshold < BEST
