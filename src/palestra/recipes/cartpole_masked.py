"""Recipes for CartPole without velocities, which have to be remembered from one step to the next."""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        id="cartpole-masked/recurrent-ppo",
        summary="recurrent PPO balances a pole whose speed it is not shown",
        learner="recurrent-ppo",
        env="palestra/CartPoleMasked-v0",
        num_envs=32,
        budget=100_000,
        eval_count=50,
        settings={
            "num_steps": 32,
            "minibatch_size": 512,
            "num_epochs": 6,
            "learning_rate": 3e-3,
            "learning_rate_schedule": "linear",
            "gamma": 0.98,
            "gae_lambda": 0.95,
            "memory_size": 32,
        },
        claim=Claim(450.0, "nine tenths of the 500 that there are; Gymnasium's threshold for CartPole-v1 is 475"),
    ),
)
