"""Recipes for the cart-pole that hangs: swing it up, and hold it, by planning."""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        id="cartpole-swing-up/mppi",
        summary="path integrals swing a pole up from under its cart",
        learner="mppi",
        env="palestra/CartPoleSwingUp-v0",
        budget=1,
        eval_every=1,
        eval_count=1,  # nothing is chosen by it
        settings={"temperature": 0.3, "deviation": 0.6, "hold": 5},
        claim=Claim(
            200.0,
            "four fifths of what ten seconds can pay; nobody has published a figure for steps of 0.04 s",
            count=10,  # they begin alike: returns differ by 3
        ),
    ),
)
