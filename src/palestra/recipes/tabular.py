"""Recipes that learn tables: the cliff by every method, the frozen lake, and the taxi."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_SHORTEST = Claim(-13.0, "the shortest way along the edge has 13 steps (Sutton & Barto 2018, example 6.6)")
_SAFE = Claim(
    -17.0,
    "the safe way along the top has 17 steps (Sutton & Barto 2018, example 6.6); a method that learns the value of its"
    " own exploration does not want the 13 along the edge",
)
_LAKE = Claim(
    0.70, "Gymnasium's reward threshold for FrozenLake-v1; 0.744 is the most that 100 steps allow", episodes=1_000
)
_TAXI = Claim(
    7.5,
    "the best policy earns 7.93 by value iteration over P; Gymnasium's reward threshold, 8, is above it",
    episodes=1_000,
)


def _cliff(
    method: str, summary: str, claim: Claim, budget: int, settings: dict[str, Any], num_envs: int = 16
) -> Recipe:
    """The cliff, undiscounted; a limit on its episodes cuts those that run in circles."""
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


def _chance(recipe_id: str, summary: str, env: str, claim: Claim, budget: int, settings: dict[str, Any]) -> Recipe:
    """A world of chance, 64 copies of it, evaluated once: twenty episodes are luck, and no best is chosen by them."""
    return Recipe(
        id=recipe_id,
        summary=summary,
        learner=recipe_id.split("/")[1],
        env=env,
        num_envs=64,
        budget=budget,
        eval_every=budget,
        settings=settings,
        claim=claim,
    )


_ON_POLICY = {"learning_rate": 0.5, "learning_rate_decay": 0.5}
_OFF_POLICY = {"learning_rate": 0.5, "epsilon_start": 1.0}

RECIPES = (
    _cliff("sarsa", "SARSA keeps a safe distance from the edge", _SAFE, 100_000, _ON_POLICY),
    _cliff("expected-sarsa", "SARSA without the chance in its target", _SAFE, 100_000, _ON_POLICY),
    _cliff("n-step-sarsa", "SARSA that looks four steps ahead", _SAFE, 100_000, _ON_POLICY),
    _cliff("sarsa-lambda", "SARSA with eligibility traces", _SAFE, 150_000, {**_ON_POLICY, "trace_decay": 0.8}),
    _cliff(
        "monte-carlo",
        "Monte Carlo control learns from whole episodes",
        _SAFE,
        600_000,
        {**_ON_POLICY, "epsilon_start": 1.0, "exploration_fraction": 0.5},
        32,
    ),
    _cliff("q-learning", "Q-learning finds the shortest way, along the edge", _SHORTEST, 50_000, _OFF_POLICY),
    _cliff("double-q-learning", "Q-learning without the bias of its maximum", _SHORTEST, 100_000, _OFF_POLICY),
    _cliff("tree-backup", "four steps ahead, off-policy, with no importance weights", _SHORTEST, 50_000, _OFF_POLICY),
    _cliff("dyna-q", "Q-learning that also plans with what it has seen", _SHORTEST, 2_000, {"learning_rate": 1.0}, 1),
    _cliff("prioritised-sweeping", "planning where it changes most", _SHORTEST, 2_000, {"learning_rate": 1.0}, 1),
    _chance(
        "frozen-lake/q-learning",
        "Q-learning on ice that slips two times in three",
        "FrozenLake-v1",
        _LAKE,
        500_000,
        {"learning_rate": 1.0, "learning_rate_decay": 0.6, "epsilon_start": 1.0},
    ),
    _chance(
        "frozen-lake/monte-carlo",
        "Monte Carlo control on the same ice",
        "FrozenLake-v1",
        _LAKE,
        1_000_000,
        {"gamma": 1.0, "learning_rate_decay": 0.6, "epsilon_start": 1.0, "exploration_fraction": 0.5},
    ),
    _chance(
        "taxi/q-learning",
        "Q-learning fetches passengers and takes them where they want to go",
        "Taxi-v4",
        _TAXI,
        300_000,
        {"learning_rate": 1.0, "epsilon_start": 1.0},
    ),
)
