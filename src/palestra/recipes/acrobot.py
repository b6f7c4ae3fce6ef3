"""Recipes for Gymnasium's Acrobot: a double pendulum that has to swing its tip above a line."""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        id="acrobot/ppo",
        summary="PPO swings the tip of a double pendulum above the line",
        learner="ppo",
        env="Acrobot-v1",
        num_envs=16,
        budget=200_000,
        eval_every=20_000,
        settings={
            "num_steps": 128,
            "minibatch_size": 256,
            "num_epochs": 6,
            "learning_rate": 2e-3,
            "learning_rate_schedule": "linear",
            "entropy_coef": 0.01,
            "normalize_obs": True,
            "normalize_reward": True,
            "log_std_init": 0.0,
        },
        claim=Claim(-90.0, "near what RL Baselines3 Zoo, -73 to -83, and CleanRL, -86, report for PPO and its kin"),
    ),
    Recipe(
        id="acrobot/dqn",
        summary="DQN with double and three-step targets; reward comes only at the end",
        learner="dqn",
        env="Acrobot-v1",
        num_envs=4,
        budget=100_000,
        eval_every=5_000,
        settings={
            "double": True,
            "n_step": 3,
            "value_range": [-100.0, 0.0],
            "learning_rate": 1e-3,
            "batch_size": 128,
            "buffer_size": 50_000,
            "learning_starts": 1_000,
            "target_update_interval": 500,
            "train_frequency": 16,
            "gradient_steps": 8,
            "exploration_fraction": 0.2,
        },
        claim=Claim(-90.0, "CleanRL's DQN has -91.5 after 500,000 steps, RL Baselines3 Zoo's -76.6 after 100,000"),
    ),
)
