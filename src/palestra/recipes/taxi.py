"""Recipes for Gymnasium's Taxi, which fetches passengers and takes them where they want to go."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_TAXI = Claim(7.5, "the best mean over its 300 starts is 7.93; Gymnasium's threshold, 8, is above it", count=1_000)


def _taxi(method: str, summary: str, settings: dict[str, Any], *, num_envs: int = 1, budget: int = 900) -> Recipe:
    """Evaluated once, at the end: twenty of its starts are luck, and no best is chosen by them."""
    return Recipe(
        id=f"taxi/{method}",
        summary=summary,
        learner=method,
        env="Taxi-v4",
        num_envs=num_envs,
        budget=budget,
        eval_every=budget,
        settings=settings,
        claim=_TAXI,
    )


RECIPES = (
    _taxi("value-iteration", "fetch and deliver over 500 states, by value iteration", {"gamma": 0.99}),
    _taxi(
        "policy-iteration",
        "the same, by policy iteration: a linear system for each policy",
        {"gamma": 0.99, "evaluation": "exact"},
    ),
    _taxi(
        "q-learning",
        "Q-learning fetches passengers and takes them where they want to go",
        {"learning_rate": 1.0, "epsilon_start": 1.0},
        num_envs=64,
        budget=300_000,
    ),
)
