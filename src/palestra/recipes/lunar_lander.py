"""Recipes for Gymnasium's lunar landers, with engines on or off, or throttled; they need the [box2d] extra."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_LUNAR_LANDER = Claim(200.0, "Gymnasium's reward threshold for LunarLander-v3", seeds=5)

_CONTINUOUS = Claim(
    250.0, "between what RL Baselines3 Zoo reports for TD3, 207, and for SAC, 260, on version 2", seeds=5
)

_OFF_POLICY: dict[str, Any] = {
    "learning_rate": 1e-3,
    "learning_starts": 5_000,
    "train_frequency": 4,
    "gradient_steps": 2,
    "n_step": 3,
    "tau": 0.01,
    "batch_size": 128,
    "hidden_sizes": [128, 128],
    "buffer_size": 300_000,
}

RECIPES = (
    Recipe(
        id="lunar-lander/ppo",
        summary="PPO lands between the flags: many landers side by side and large minibatches",
        learner="ppo",
        env="LunarLander-v3",
        num_envs=32,
        budget=1_000_000,
        eval_every=50_000,
        settings={
            "num_steps": 64,
            "minibatch_size": 512,
            "num_epochs": 6,
            "learning_rate": 1.5e-3,
            "learning_rate_schedule": "linear",
            "gamma": 0.995,
            "gae_lambda": 0.95,
            "entropy_coef": 0.01,
            "max_grad_norm": 1.0,
            "normalize_obs": False,
            "normalize_reward": True,
            "log_std_init": 0.0,
            "hidden_sizes": [128, 128],
            "activation": "relu",
        },
        claim=_LUNAR_LANDER,
    ),
    Recipe(
        id="lunar-lander/a2c",
        summary="A2C on the same task, for comparison; it claims nothing",
        learner="a2c",
        env="LunarLander-v3",
        num_envs=16,
        budget=500_000,
        eval_every=50_000,
        settings={
            "num_steps": 16,
            "learning_rate": 1e-3,
            "learning_rate_schedule": "linear",
            "optimizer": "adam",
            "gamma": 0.995,
            "gae_lambda": 0.95,
            "entropy_coef": 1e-3,
            "normalize_reward": True,
        },
    ),
    Recipe(
        id="lunar-lander/dqn",
        summary="DQN with double and three-step targets, one gradient step for every two environment steps",
        learner="dqn",
        env="LunarLander-v3",
        num_envs=4,
        budget=300_000,
        eval_every=15_000,
        settings={
            "double": True,
            "n_step": 3,
            "loss": "squared",  # Huber cuts the error of a landing, 100, to 1
            "max_grad_norm": 100.0,
            "value_range": [-300.0, 300.0],
            "learning_rate": 5e-4,
            "batch_size": 128,
            "buffer_size": 100_000,
            "learning_starts": 2_000,
            "target_update_interval": 1_000,
            "train_frequency": 16,
            "gradient_steps": 8,
            "epsilon_end": 0.02,
            "exploration_fraction": 0.25,
        },
        claim=_LUNAR_LANDER,
    ),
    Recipe(
        id="lunar-lander-continuous/sac",
        summary="SAC throttles its engines; four landers side by side, one update for every two steps",
        learner="sac",
        env="LunarLanderContinuous-v3",
        num_envs=4,
        budget=300_000,
        eval_every=15_000,
        settings={**_OFF_POLICY, "learning_rate_end": 0.0},
        claim=_CONTINUOUS,
    ),
    Recipe(
        id="lunar-lander-continuous/td3",
        summary="TD3 on the same task",
        learner="td3",
        env="LunarLanderContinuous-v3",
        num_envs=4,
        budget=300_000,
        eval_every=15_000,
        settings={**_OFF_POLICY, "noise_std": 0.2},
        claim=_CONTINUOUS,
    ),
)
