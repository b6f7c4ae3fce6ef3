"""Recipes for the way around a disc, on either side, as it was shown on both."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

ENV = "palestra/TwoWays-v0"
_FAILS = Claim(
    0.05,
    "hardly anybody arrives: the mean of both ways leads into the disc, wherever an episode begins",
    count=200,
    direction="down",
)


def _shown(learner: str, method: str, summary: str, claim: Claim | None, budget: int, **settings: Any) -> Recipe:
    return Recipe(
        id=f"two-ways/{method}",
        summary=summary,
        learner=learner,
        env=ENV,
        budget=budget,
        eval_every=budget // 4,
        eval_count=100,
        settings={"data": "two-ways", **settings},
        claim=claim,
    )


RECIPES = (
    _shown(
        "behaviour-cloning",
        "behaviour-cloning",
        "the mean of two ways is none: it goes between them, into the disc",
        _FAILS,
        60_000,
    ),
    _shown(
        "behaviour-cloning",
        "mixture",
        "a mixture of Gaussians keeps both ways apart, and takes one; it claims nothing yet",
        None,
        400_000,
        components=5,
    ),
    Recipe(
        id="two-ways/expert",
        summary="who shows the way: on either side, by the toss of a coin",
        learner="expert",
        env=ENV,
        num_envs=8,
        budget=1_024,
        eval_count=100,
    ),
)
