"""Recipes for a mass on a line, where it is known what is best: a regulator and a planner have to come to it."""

from palestra.recipes.recipe import Claim, Recipe

OPTIMUM = -0.3948
"""Mean return of the best that there is, over all starts, by Riccati's equation."""
_SOURCE = f"the optimum of {OPTIMUM:g} by Riccati's equation, less three standard errors of the starts"

RECIPES = (
    Recipe(
        id="double-integrator/lqr",
        summary="the linear-quadratic regulator in a linear world: nothing can be better",
        learner="lqr",
        env="palestra/DoubleIntegrator-v0",
        budget=1,
        eval_every=1,
        eval_count=1,  # nothing is chosen by it
        claim=Claim(-0.445, _SOURCE, count=500),
        optimum=OPTIMUM,
        optimum_source="Riccati's equation",
    ),
    Recipe(
        id="double-integrator/ilqr",
        summary="iterative LQR comes to the same by looking three seconds ahead",
        learner="ilqr",
        env="palestra/DoubleIntegrator-v0",
        budget=1,
        eval_every=1,
        eval_count=1,
        settings={"horizon": 30, "iterations": 1, "samples": 1},
        claim=Claim(-0.5, _SOURCE, count=100),
        optimum=OPTIMUM,
        optimum_source="Riccati's equation",
    ),
)
