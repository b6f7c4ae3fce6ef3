"""The gridworlds' recipes: a way between opposite corners has as many steps as its rows and columns need."""

from palestra.recipes.gridworld import RECIPES


def test_claims_are_the_shortest_ways() -> None:
    for recipe in RECIPES:
        size = recipe.env_kwargs["size"]
        steps = 2 * (size - 1)
        assert recipe.claim is not None
        if recipe.task == "gridworld-million":
            assert size**2 == 1_000_000
            assert recipe.claim.threshold == recipe.env_kwargs["goal_reward"]
            assert recipe.env_kwargs["max_episode_steps"] == steps  # which the limit just allows
        else:
            assert recipe.claim.threshold == -steps
        assert recipe.learner == "value-iteration"


def test_piece_after_piece_begins_from_below() -> None:
    for recipe in RECIPES:
        if recipe.settings.get("initial_value"):
            assert round(recipe.settings["initial_value"] * (1 - recipe.settings["gamma"]), 9) == -1.0
