"""Recipes for Gymnasium's classic control tasks."""

from palestra.recipes.recipe import Claim, Recipe

_CARTPOLE = Claim(475.0, "Gymnasium's reward threshold for CartPole-v1")

RECIPES = (
    Recipe(
        id="cartpole/random",
        summary="uniformly random actions: what everything must beat",
        learner="random",
        env="CartPole-v1",
        num_envs=8,
        budget=10_240,
    ),
    Recipe(
        id="cartpole/ppo",
        summary="PPO balances a pole, and stays good to the end of its budget",
        learner="ppo",
        env="CartPole-v1",
        num_envs=32,
        budget=50_000,
        eval_every=4_096,
        settings={
            "num_steps": 32,
            "minibatch_size": 256,
            "num_epochs": 5,
            "learning_rate": 5e-3,
            "learning_rate_schedule": "linear",
            "gamma": 0.99,
            "gae_lambda": 1.0,
            "value_coef": 0.25,
            "max_grad_norm": 1.0,
        },
        claim=_CARTPOLE,
    ),
    Recipe(
        id="cartpole/ppo-sprint",
        summary="PPO to the first good policy as soon as may be; stops there",
        learner="ppo",
        env="CartPole-v1",
        num_envs=16,
        budget=50_000,
        eval_every=2_048,
        target=495.0,
        settings={
            "num_steps": 64,
            "minibatch_size": 256,
            "num_epochs": 3,
            "learning_rate": 2e-3,
            "learning_rate_schedule": "linear",
            "clip_range": 0.3,
        },
        claim=_CARTPOLE,
    ),
    Recipe(
        id="cartpole/dqn",
        summary="DQN with the settings of RL Baselines3 Zoo",
        learner="dqn",
        env="CartPole-v1",
        num_envs=1,
        budget=50_000,
        eval_every=5_000,
        settings={
            "learning_rate": 2.3e-3,
            "batch_size": 64,
            "buffer_size": 100_000,
            "learning_starts": 1_000,
            "target_update_interval": 10,
            "train_frequency": 256,
            "gradient_steps": 128,
            "epsilon_end": 0.04,
            "exploration_fraction": 0.16,
            "hidden_sizes": [256, 256],
        },
        claim=_CARTPOLE,
    ),
)
