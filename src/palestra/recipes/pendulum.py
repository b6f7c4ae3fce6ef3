"""Recipes for Gymnasium's Pendulum: swing it up, and hold it."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_PENDULUM_EPISODES = 200
"""Of an evaluation: where a start counts for more than the policy, the best of a few would be the luckiest."""
_PENDULUM_MEASURED = 2_000
"""Episodes of a claim. Their returns differ by 85: the mean of 400 would be uncertain by 4, half of the margin."""
_PENDULUM = Claim(
    -160.0,
    "RL Baselines3 Zoo reports -152 to -157 for TD3, DDPG and SAC after 20,000 steps",
    count=_PENDULUM_MEASURED,
)
_BEST: dict[str, Any] = {"optimum": -138.0, "optimum_source": "backward induction on a grid of 241 x 241 states"}
"""Of the mean over all starts; ``tests/unit/recipes/test_pendulum.py`` finds it again."""
_PLANNED = Claim(
    -184.0,
    "a third more than the optimum costs, which is 138 by value iteration on a fine grid; the mean of 100 episodes is"
    " uncertain by 8",
)
_SMALL_ACTOR_CRITIC: dict[str, Any] = {
    "gamma": 0.95,
    "learning_starts": 500,
    "hidden_sizes": [128, 128],
    "buffer_size": 20_000,
}


def _planned(learner: str, summary: str, settings: dict[str, Any]) -> Recipe:
    return Recipe(
        id=f"pendulum/{learner}",
        summary=summary,
        learner=learner,
        env="Pendulum-v1",
        budget=1,
        eval_every=1,
        eval_count=1,  # nothing is chosen by it
        settings=settings,
        claim=_PLANNED,
        **_BEST,
    )


RECIPES = (
    Recipe(
        id="pendulum/ppo",
        summary="PPO swings a pendulum up: whole episodes, observations and rewards normalised",
        learner="ppo",
        env="Pendulum-v1",
        num_envs=4,
        budget=100_000,
        eval_every=100_000,  # the learning rate falls to zero: the last policy is the best, an early score mostly luck
        settings={
            "num_steps": 200,
            "minibatch_size": 64,
            "num_epochs": 10,
            "learning_rate": 1e-3,
            "learning_rate_schedule": "linear",
            "gamma": 0.97,
            "gae_lambda": 0.9,
            "entropy_coef": 1e-3,
            "max_grad_norm": 5.0,
            "normalize_obs": True,
            "normalize_reward": True,
            "activation": "relu",
            "log_std_init": -0.5,
            "scale_actions": False,
        },
        claim=Claim(
            -160.0,
            "Zoo reports -172 for PPO and -157 for SAC, CleanRL -1142 for PPO",
            count=_PENDULUM_MEASURED,
        ),
        **_BEST,
    ),
    Recipe(
        id="pendulum/trpo",
        summary="TRPO on the same task; it claims nothing",
        learner="trpo",
        env="Pendulum-v1",
        num_envs=8,
        budget=100_000,
        eval_every=10_000,
        settings={
            "num_steps": 128,
            "target_kl": 0.01,
            "gamma": 0.95,
            "gae_lambda": 0.9,
            "normalize_reward": True,
            "activation": "relu",
            "log_std_init": -0.5,
            "scale_actions": False,
        },
        **_BEST,
    ),
    Recipe(
        id="pendulum/sac",
        summary="SAC swings a pendulum up and holds it, with two updates a step",
        learner="sac",
        env="Pendulum-v1",
        num_envs=1,
        budget=10_000,
        eval_every=1_000,
        eval_count=_PENDULUM_EPISODES,
        settings={
            **_SMALL_ACTOR_CRITIC,
            "hidden_sizes": [64, 64],
            "learning_rate": 1e-3,
            "learning_starts": 200,
            "gradient_steps": 2,
        },
        claim=_PENDULUM,
        **_BEST,
    ),
    Recipe(
        id="pendulum/td3",
        summary="TD3 on the same task",
        learner="td3",
        env="Pendulum-v1",
        num_envs=1,
        budget=10_000,
        eval_every=1_000,
        eval_count=_PENDULUM_EPISODES,
        settings={**_SMALL_ACTOR_CRITIC, "learning_rate": 2e-3, "tau": 0.02, "noise_std": 0.2},
        claim=_PENDULUM,
        **_BEST,
    ),
    Recipe(
        id="pendulum/ddpg",
        summary="DDPG on the same task, with the Ornstein-Uhlenbeck noise of its paper",
        learner="ddpg",
        env="Pendulum-v1",
        num_envs=1,
        budget=20_000,
        eval_every=2_000,
        eval_count=_PENDULUM_EPISODES,
        settings={**_SMALL_ACTOR_CRITIC, "learning_rate": 1e-3, "tau": 0.01, "noise": "ou"},
        claim=_PENDULUM,
        **_BEST,
    ),
    _planned(
        "ilqr",
        "iterative LQR: the world linear and its cost quadratic near the plan",
        {"horizon": 40, "iterations": 1, "samples": 8},
    ),
    _planned(
        "cem",
        "the cross-entropy method: the next plans like the best of these",
        {"horizon": 20, "samples": 48, "deviation": 0.6, "hold": 4, "elites": 6, "iterations": 2},
    ),
    _planned(
        "mppi",
        "path integrals: every plan that is tried counts, the cheaper the more",
        {"horizon": 40, "deviation": 0.7, "hold": 4},
    ),
    _planned(
        "predictive-sampling",
        "the best of some plans, in each step anew",
        {"horizon": 40, "hold": 4},
    ),
)
