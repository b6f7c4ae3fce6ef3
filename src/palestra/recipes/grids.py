"""Recipes that plan: dynamic programming in Gymnasium's toy texts and on gridworlds."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_CLIFF = Claim(-13.0, "the shortest way has 13 steps (Sutton & Barto 2018, example 6.6)")
_LAKE = Claim(0.70, "Gymnasium's reward threshold for FrozenLake-v1", episodes=1_000)
_LAKE_8X8 = Claim(0.85, "Gymnasium's reward threshold for FrozenLake8x8-v1", episodes=1_000)
_TAXI = Claim(7.5, "the best mean over its 300 starts is 7.93; Gymnasium's threshold, 8, is above it", episodes=1_000)
_MAZE = Claim(-198.0, "the shortest way between opposite corners")
_MILLION = Claim(1.0, "the shortest way across, which the time limit just allows", episodes=1, seeds=1)

_MAZE_KWARGS = {"size": 100, "walls": 0.2}
_MILLION_KWARGS = {"size": 1_000, "step_reward": 0.0, "goal_reward": 1.0, "max_episode_steps": 1_998}


def _planning(
    recipe_id: str,
    summary: str,
    env: str,
    claim: Claim,
    settings: dict[str, Any],
    *,
    budget: int = 900,
    env_kwargs: dict[str, Any] | None = None,
) -> Recipe:
    """A recipe whose method begins with its learner's name, and that is evaluated once, at its end."""
    method = recipe_id.split("/")[1]
    learner = method[: method.index("iteration") + len("iteration")]
    return Recipe(recipe_id, summary, learner, env, budget, 1, settings, env_kwargs=env_kwargs or {},
                  eval_every=budget, claim=claim)  # fmt: skip


def _cliff(method: str, summary: str) -> Recipe:
    limit = {"max_episode_steps": 100}  # Gymnasium sets none, and a bad policy would never end
    return _planning(f"cliff/{method}", summary, "CliffWalking-v1", _CLIFF, {"gamma": 0.9}, env_kwargs=limit)


def _lake(method: str, summary: str, **settings: Any) -> Recipe:
    return _planning(f"frozen-lake/{method}", summary, "FrozenLake-v1", _LAKE, {"gamma": 0.99, **settings})


def _taxi(method: str, summary: str, **settings: Any) -> Recipe:
    return _planning(f"taxi/{method}", summary, "Taxi-v4", _TAXI, {"gamma": 0.99, **settings})


def _maze(method: str, summary: str, **settings: Any) -> Recipe:
    settings = {"gamma": 0.99, **settings}
    return _planning(f"gridworld/{method}", summary, "palestra/GridWorld-v0", _MAZE, settings, env_kwargs=_MAZE_KWARGS)


RECIPES = (
    _cliff("value-iteration", "the way along the edge, by value iteration"),
    _cliff("policy-iteration", "the same, by policy iteration: policies evaluated to the end"),
    _cliff("modified-policy-iteration", "the same, with ten sweeps to each policy"),
    _lake("value-iteration", "ice that slips two times in three, by value iteration"),
    _lake("policy-iteration", "the same, by policy iteration: a linear system for each policy", evaluation="exact"),
    _lake("modified-policy-iteration", "the same, with ten sweeps to each policy"),
    _planning(
        "frozen-lake-8x8/value-iteration",
        "the large lake",
        "FrozenLake8x8-v1",
        _LAKE_8X8,
        {"gamma": 0.999},
        budget=1_900,
    ),
    _taxi("value-iteration", "fetch and deliver over 500 states, by value iteration"),
    _taxi("policy-iteration", "the same, by policy iteration: a linear system for each policy", evaluation="exact"),
    _maze("value-iteration", "a maze of 100 by 100 cells, synchronous sweeps"),
    _maze(
        "value-iteration-in-place",
        "the same maze, from below, piece after piece",
        order="in_place",
        initial_value=-100.0,
    ),
    _maze(
        "value-iteration-prioritised",
        "the same maze, from below, the most urgent states first",
        order="prioritised",
        initial_value=-100.0,
    ),
    _planning(
        "gridworld-million/value-iteration",
        "a million states, the most urgent first",
        "palestra/GridWorld-v0",
        _MILLION,
        {"gamma": 0.999, "tolerance": 1e-6, "order": "prioritised"},
        env_kwargs=_MILLION_KWARGS,
    ),
)
