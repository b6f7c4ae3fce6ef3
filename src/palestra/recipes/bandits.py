"""Recipes for bandits: ten arms, 2,000 bandits side by side.

``bandit/*`` plays arms of known means, the same in every bandit, so that theory has one figure to be held against: one
arm that pays with probability 0.9 and nine with 0.6 ("distribution 11" in section 4 of Auer et al. 2002).
"""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_ARMS = {"means": [0.9] + [0.6] * 9}

_SLOWER_THAN_ROOT = Claim(
    0.7072,
    "of regret like sqrt(t), 0.7071 falls in the first half of the pulls; 0.5 of linear, 0.92 of logarithmic regret",
    metric="eval/regret_first_half",
    count=2_000,
)
_UCB1_THEOREM = Claim(
    0.9075,
    "Auer et al. 2002, theorem 1: at most 8 ln(n)/0.3^2 + 1 + pi^2/3 pulls of each of nine arms, n = 100,000",
    metric="eval/optimal_share_so_far",
    count=2_000,
)
_LAI_ROBBINS = Claim(
    1.0,
    "no more regret than the C ln t that is optimal as t grows (Lai & Robbins 1985; Kaufmann et al. 2012, theorem 1)",
    metric="eval/lai_robbins_share",
    count=2_000,
)


def _recipe(task: str, method: str, summary: str, learner: str, budget: int = 5_000, **more: Any) -> Recipe:
    """A recipe that is evaluated once, at its end: a bandit has nothing to choose a best checkpoint by."""
    env = {"bandit": "bandit/bernoulli", "bandit-gaussian": "bandit/gaussian", "bandit-drifting": "bandit/drifting"}
    arms = _ARMS if task == "bandit" else {}
    return Recipe(
        id=f"{task}/{method}",
        summary=summary,
        learner=learner,
        env=env[task],
        env_kwargs=arms,
        num_envs=2_000,
        budget=budget,
        eval_every=budget,
        **more,
    )


RECIPES = (
    _recipe(
        "bandit",
        "epsilon-greedy",
        "one pull in ten at random for ever: regret grows linearly, as it must",
        "epsilon-greedy",
        settings={"epsilon": 0.1},
    ),
    _recipe(
        "bandit",
        "epsilon-decay",
        "epsilon = 50 / t: random pulls grow like log t, and so does regret",
        "epsilon-greedy",
        settings={"schedule": "inverse", "epsilon": 50.0},
        claim=_SLOWER_THAN_ROOT,
    ),
    _recipe(
        "bandit",
        "ucb-hoeffding",
        "upper bounds by Hoeffding that hold but for p = 1/t",
        "ucb",
        settings={"power": 1.0},
        claim=_SLOWER_THAN_ROOT,
    ),
    _recipe(
        "bandit",
        "ucb1",
        "upper bounds that hold but for p = t^-4: safe, and dear",
        "ucb",
        settings={"power": 4.0},
        claim=_SLOWER_THAN_ROOT,
    ),
    _recipe(
        "bandit",
        "ucb1-long",
        "UCB1 for 100,000 pulls, where its theorem promises more than chance does",
        "ucb",
        budget=100_000,
        settings={"power": 4.0, "pulls_per_step": 500},
        claim=_UCB1_THEOREM,
    ),
    _recipe(
        "bandit",
        "thompson",
        "a draw from every arm's Beta posterior, and the highest is pulled",
        "thompson",
        claim=_LAI_ROBBINS,
    ),
    _recipe(
        "bandit",
        "gradient",
        "a softmax policy on preferences, moved along the gradient of the expected reward",
        "gradient-bandit",
        settings={"step_size": 0.4},
        claim=_SLOWER_THAN_ROOT,
    ),
    _recipe(
        "bandit-gaussian",
        "epsilon-greedy",
        "the ten-armed testbed, as in Sutton & Barto's figure 2.2",
        "epsilon-greedy",
        budget=1_000,
        settings={"epsilon": 0.1, "initial_value": 0.0},
    ),
    _recipe(
        "bandit-gaussian",
        "ucb",
        "the same testbed by upper bounds for rewards of standard deviation 1",
        "ucb",
        settings={"power": 1.0, "scale": 2.0},
        claim=_SLOWER_THAN_ROOT,
    ),
    _recipe(
        "bandit-gaussian",
        "thompson",
        "the same testbed by draws from Gaussian posteriors",
        "thompson",
        claim=_SLOWER_THAN_ROOT,
    ),
    _recipe(
        "bandit-gaussian",
        "gradient",
        "the same testbed by the gradient bandit, as in Sutton & Barto's figure 2.5",
        "gradient-bandit",
        budget=1_000,
        settings={"step_size": 0.1},
    ),
    _recipe(
        "bandit-drifting",
        "epsilon-greedy",
        "arms that walk at random, followed by recency-weighted means",
        "epsilon-greedy",
        budget=10_000,
        settings={"epsilon": 0.1, "initial_value": 0.0, "step_size": 0.1},
    ),
    _recipe(
        "bandit-drifting",
        "epsilon-greedy-sample-mean",
        "the same by sample means, which forget nothing and so fall behind",
        "epsilon-greedy",
        budget=10_000,
        settings={"epsilon": 0.1, "initial_value": 0.0},
    ),
    _recipe(
        "bandit-drifting",
        "thompson",
        "the same by a Kalman filter for every arm",
        "thompson",
        budget=10_000,
        settings={"prior_std": 0.01, "drift": 0.01},
    ),
)
