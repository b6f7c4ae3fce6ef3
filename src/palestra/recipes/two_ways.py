"""Recipes for the way around a disc, on either side, as it was shown on both; or on one, with a rest on the way."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

ENV = "palestra/TwoWays-v0"
_FAILS = Claim(
    0.05,
    "hardly anybody arrives: the mean of both ways leads into the disc, wherever an episode begins",
    count=200,
    direction="down",
)
_ARRIVES = Claim(0.9, "nine of ten arrive, where the mean of what was shown leads into the disc", count=200)
_GOES_ON = Claim(0.9, "nine of ten arrive, after a rest that most who decide step by step do not end", count=200)
_FAST: dict[str, Any] = {"batch_size": 128, "learning_rate": 4e-3}
_RESTED: dict[str, Any] = {"data": "one-way-with-a-pause", **_FAST}


def _shown(
    learner: str, method: str, summary: str, claim: Claim | None, budget: int, *, looks: int = 4, **settings: Any
) -> Recipe:
    return Recipe(
        id=f"two-ways/{method}",
        summary=summary,
        learner=learner,
        env=ENV,
        budget=budget,
        eval_every=budget // looks,
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
        "a mixture of Gaussians keeps both ways apart, and takes one",
        _ARRIVES,
        400_000,
        components=5,
        **_FAST,
    ),
    _shown(
        "diffusion-policy",
        "diffusion",
        "a diffusion policy makes actions out of noise, of one way or of the other",
        _ARRIVES,
        600_000,
        execute=1,
        evaluations=50,
        **_FAST,
    ),
    _shown(
        "action-chunks",
        "action-chunks",
        "ten actions at once: after a rest on the way it goes on, as was shown",
        _GOES_ON,
        200_000,
        looks=1,
        horizon=10,
        **_RESTED,
    ),
    _shown(
        "action-chunks",
        "single-actions",
        "one action at a time: who rested as it was shown sees nothing that would end it; it claims nothing",
        None,
        200_000,
        looks=1,
        horizon=1,
        **_RESTED,
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
