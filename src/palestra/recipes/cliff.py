"""Recipes for the cliff (Sutton & Barto 2018, example 6.6): planned with its model, and learned by every table."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_SHORTEST = Claim(-13.0, "the shortest way along the edge has 13 steps (Sutton & Barto 2018, example 6.6)")
_SAFE = Claim(
    -17.0,
    "the safe way along the top has 17 steps (Sutton & Barto 2018, example 6.6); a method that learns the value of its"
    " own exploration does not want the 13 along the edge",
)
_ON_POLICY = {"learning_rate": 0.5, "learning_rate_decay": 0.5}
_OFF_POLICY = {"learning_rate": 0.5, "epsilon_start": 1.0}


def _planned(method: str, summary: str) -> Recipe:
    """With the model; evaluated once, at the end."""
    return Recipe(
        id=f"cliff/{method}",
        summary=summary,
        learner=method,
        env="CliffWalking-v1",
        env_kwargs={"max_episode_steps": 100},  # Gymnasium sets none, and a bad policy would never end
        num_envs=1,
        budget=900,
        eval_every=900,
        settings={"gamma": 0.9},
        claim=_SHORTEST,
    )


def _learned(
    method: str, summary: str, claim: Claim, budget: int, settings: dict[str, Any], num_envs: int = 16
) -> Recipe:
    """Undiscounted; a limit on its episodes cuts those that run in circles."""
    return Recipe(
        id=f"cliff/{method}",
        summary=summary,
        learner=method,
        env="CliffWalking-v1",
        env_kwargs={"max_episode_steps": 500},
        num_envs=num_envs,
        budget=budget,
        settings={"gamma": 1.0, **settings},
        claim=claim,
    )


RECIPES = (
    _planned("value-iteration", "the way along the edge, by value iteration"),
    _planned("policy-iteration", "the same, by policy iteration: policies evaluated to the end"),
    _planned("modified-policy-iteration", "the same, with ten sweeps to each policy"),
    _learned("sarsa", "SARSA keeps a safe distance from the edge", _SAFE, 100_000, _ON_POLICY),
    _learned("expected-sarsa", "SARSA without the chance in its target", _SAFE, 100_000, _ON_POLICY),
    _learned("n-step-sarsa", "SARSA that looks four steps ahead", _SAFE, 100_000, _ON_POLICY),
    _learned("sarsa-lambda", "SARSA with eligibility traces", _SAFE, 150_000, {**_ON_POLICY, "trace_decay": 0.8}),
    _learned(
        "monte-carlo",
        "Monte Carlo control learns from whole episodes",
        _SAFE,
        600_000,
        {**_ON_POLICY, "epsilon_start": 1.0, "exploration_fraction": 0.5},
        32,
    ),
    _learned("q-learning", "Q-learning finds the shortest way, along the edge", _SHORTEST, 50_000, _OFF_POLICY),
    _learned("double-q-learning", "Q-learning without the bias of its maximum", _SHORTEST, 100_000, _OFF_POLICY),
    _learned("tree-backup", "four steps ahead, off-policy, with no importance weights", _SHORTEST, 50_000, _OFF_POLICY),
    _learned("dyna-q", "Q-learning that also plans with what it has seen", _SHORTEST, 2_000, {"learning_rate": 1.0}, 1),
    _learned("prioritised-sweeping", "planning where it changes most", _SHORTEST, 2_000, {"learning_rate": 1.0}, 1),
)
