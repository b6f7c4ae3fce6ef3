"""Recipes for CartPole from recorded episodes alone: three scripted controllers, one good and two bad."""

from palestra.recipes.recipe import Claim, Recipe

_DATA = "cartpole-mixed"

RECIPES = (
    Recipe(
        id="cartpole-recorded/decision-transformer",
        summary="a transformer that is asked for the return of the best, among good and bad episodes",
        learner="decision-transformer",
        env="CartPole-v1",
        budget=160_000,
        eval_every=32_000,
        settings={"data": _DATA, "context": 3, "width": 32, "heads": 2, "learning_rate": 2e-3},
        claim=Claim(450.0, "well above behaviour cloning of the same episodes, 251 to 424 in ten seeds"),
    ),
    Recipe(
        id="cartpole-recorded/behaviour-cloning",
        summary="what was done on average, well and badly",
        learner="behaviour-cloning",
        env="CartPole-v1",
        budget=320_000,
        eval_every=32_000,
        settings={"data": _DATA},
    ),
    Recipe(
        id="cartpole-recorded/best-behaviour-cloning",
        summary="the tenth of the episodes with the largest returns, imitated",
        learner="behaviour-cloning",
        env="CartPole-v1",
        budget=320_000,
        eval_every=32_000,
        settings={"data": _DATA, "best_share": 0.1},
    ),
)
