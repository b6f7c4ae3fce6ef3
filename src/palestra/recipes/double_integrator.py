"""Recipes for a mass on a line, where it is known what is best: the regulator has to come to it."""

from palestra.recipes.recipe import Claim, Recipe

OPTIMUM = -0.3948
"""Mean return of the best that there is, over all starts, by Riccati's equation."""

RECIPES = (
    Recipe(
        id="double-integrator/lqr",
        summary="the linear-quadratic regulator in a linear world: nothing can be better",
        learner="lqr",
        env="palestra/DoubleIntegrator-v0",
        budget=1,
        eval_every=1,
        eval_count=1,  # nothing is chosen by it
        claim=Claim(
            -0.445,
            f"the optimum of {OPTIMUM:g} by Riccati's equation, less three standard errors of the starts",
            count=500,
        ),
    ),
)
