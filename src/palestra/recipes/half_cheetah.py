"""Recipes for Gymnasium's HalfCheetah, which has to run; they need the [mujoco] extra."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_OFF_POLICY: dict[str, Any] = {
    "learning_rate": 1e-3,
    "learning_starts": 10_000,
    "train_frequency": 4,
    "gradient_steps": 2,
    "precision": "bfloat16",
}

RECIPES = (
    Recipe(
        id="half-cheetah/ppo",
        summary="PPO runs with half a cheetah: eight of them side by side, observations and rewards normalised",
        learner="ppo",
        env="HalfCheetah-v5",
        num_envs=8,
        budget=1_000_000,
        eval_every=50_000,
        settings={
            "num_steps": 128,
            "minibatch_size": 256,
            "num_epochs": 10,
            "learning_rate": 4e-4,
            "learning_rate_schedule": "linear",
            "gamma": 0.98,
            "gae_lambda": 0.92,
            "value_coef": 0.58,
            "max_grad_norm": 0.8,
            "normalize_obs": True,
            "normalize_reward": True,
            "hidden_sizes": [128, 128],
            "activation": "relu",
            "log_std_init": -1.0,
        },
        claim=Claim(4000.0, "between CleanRL's 1443 and RL Baselines3 Zoo's 5819 after as many steps", seeds=3),
    ),
    Recipe(
        id="half-cheetah/trpo",
        summary="TRPO on the same task, with the rollouts and discount of half-cheetah/ppo",
        learner="trpo",
        env="HalfCheetah-v5",
        num_envs=8,
        budget=1_000_000,
        eval_every=50_000,
        settings={
            "num_steps": 128,
            "target_kl": 0.04,
            "cg_steps": 25,
            "gamma": 0.98,
            "gae_lambda": 0.92,
            "value_epochs": 20,
            "normalize_obs": True,
            "normalize_reward": True,
            "log_std_init": -1.0,
        },
    ),
    Recipe(
        id="half-cheetah/sac",
        summary="SAC with one update for every two steps, hidden layers in bfloat16",
        learner="sac",
        env="HalfCheetah-v5",
        num_envs=4,
        budget=1_000_000,
        eval_every=50_000,
        settings=_OFF_POLICY,
        claim=Claim(
            9000.0, "what CleanRL and RL Baselines3 Zoo publish for SAC after as many steps: 9535 to 9635", seeds=2
        ),
    ),
    Recipe(
        id="half-cheetah/td3",
        summary="TD3 with one update for every two steps; raw points",
        learner="td3",
        env="HalfCheetah-v5",
        num_envs=4,
        budget=300_000,
        eval_every=25_000,
        settings=_OFF_POLICY,
    ),
    Recipe(
        id="half-cheetah/ddpg",
        summary="DDPG with one update for every two steps; raw points",
        learner="ddpg",
        env="HalfCheetah-v5",
        num_envs=4,
        budget=300_000,
        eval_every=25_000,
        settings=_OFF_POLICY,
    ),
)
