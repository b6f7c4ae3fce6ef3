"""Recipes for Gymnasium's frozen lakes, whose ice slips two times in three: planned, and learned by tables."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_LAKE = Claim(
    0.70, "Gymnasium's reward threshold for FrozenLake-v1; 0.744 is the most that 100 steps allow", count=1_000
)
_LAKE_8X8 = Claim(0.85, "Gymnasium's reward threshold for FrozenLake8x8-v1", count=1_000)


def _lake(
    method: str,
    summary: str,
    settings: dict[str, Any],
    *,
    task: str = "frozen-lake",
    env: str = "FrozenLake-v1",
    num_envs: int = 1,
    budget: int = 900,
    claim: Claim = _LAKE,
) -> Recipe:
    """Evaluated once, at the end: in a world of chance twenty episodes are luck, and no best is chosen by them."""
    return Recipe(f"{task}/{method}", summary, method, env, budget, num_envs, settings, eval_every=budget, claim=claim)


RECIPES = (
    _lake("value-iteration", "ice that slips two times in three, by value iteration", {"gamma": 0.99}),
    _lake(
        "policy-iteration",
        "the same, by policy iteration: a linear system for each policy",
        {"gamma": 0.99, "evaluation": "exact"},
    ),
    _lake("modified-policy-iteration", "the same, with ten sweeps to each policy", {"gamma": 0.99}),
    _lake(
        "value-iteration",
        "the large lake",
        {"gamma": 0.999},
        task="frozen-lake-8x8",
        env="FrozenLake8x8-v1",
        budget=1_900,
        claim=_LAKE_8X8,
    ),
    _lake(
        "q-learning",
        "Q-learning on ice that slips two times in three",
        {"learning_rate": 1.0, "learning_rate_decay": 0.6, "epsilon_start": 1.0},
        num_envs=64,
        budget=500_000,
    ),
    _lake(
        "monte-carlo",
        "Monte Carlo control on the same ice",
        {"gamma": 1.0, "learning_rate_decay": 0.6, "epsilon_start": 1.0, "exploration_fraction": 0.5},
        num_envs=64,
        budget=1_000_000,
    ),
)
