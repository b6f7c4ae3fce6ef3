"""Recipes for the cart-pole that hangs: swing it up, and hold it, by planning."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_CLAIM = Claim(
    200.0,
    "four fifths of what ten seconds can pay; nobody has published a figure for steps of 0.04 s",
    count=20,  # they begin alike: returns differ by a few
)


def _planned(learner: str, summary: str, settings: dict[str, Any]) -> Recipe:
    return Recipe(
        id=f"cartpole-swing-up/{learner}",
        summary=summary,
        learner=learner,
        env="palestra/CartPoleSwingUp-v0",
        budget=1,
        eval_every=1,
        settings=settings,
        claim=_CLAIM,
    )


RECIPES = (
    _planned("ilqr", "iterative LQR swings a pole up from under its cart", {}),
    _planned("mppi", "path integrals swing it up", {"samples": 128, "horizon": 35, "hold": 3}),
)
