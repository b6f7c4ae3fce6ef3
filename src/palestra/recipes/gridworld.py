"""Recipes for our gridworlds: mazes of ten thousand cells, and of a million, planned with their model."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_MAZE = Claim(-198.0, "the shortest way between opposite corners")
_MILLION = Claim(1.0, "the shortest way across, which the time limit just allows", count=1, seeds=1)
_MAZE_KWARGS = {"size": 100, "walls": 0.2}
_MILLION_KWARGS = {"size": 1_000, "step_reward": 0.0, "goal_reward": 1.0, "max_episode_steps": 1_998}


def _planned(
    recipe_id: str,
    summary: str,
    settings: dict[str, Any],
    env_kwargs: dict[str, Any] = _MAZE_KWARGS,
    claim: Claim = _MAZE,
) -> Recipe:
    """By value iteration; evaluated once, at the end."""
    return Recipe(
        id=recipe_id,
        summary=summary,
        learner="value-iteration",
        env="palestra/GridWorld-v0",
        env_kwargs=env_kwargs,
        num_envs=1,
        budget=900,
        eval_every=900,
        settings=settings,
        claim=claim,
    )


RECIPES = (
    _planned("gridworld/value-iteration", "a maze of 100 by 100 cells, synchronous sweeps", {"gamma": 0.99}),
    _planned(
        "gridworld/value-iteration-in-place",
        "the same maze, from below, piece after piece",
        {"gamma": 0.99, "order": "in_place", "initial_value": -100.0},
    ),
    _planned(
        "gridworld/value-iteration-prioritised",
        "the same maze, from below, the most urgent states first",
        {"gamma": 0.99, "order": "prioritised", "initial_value": -100.0},
    ),
    _planned(
        "gridworld-million/value-iteration",
        "a million states, the most urgent first",
        {"gamma": 0.999, "tolerance": 1e-6, "order": "prioritised"},
        _MILLION_KWARGS,
        _MILLION,
    ),
)
