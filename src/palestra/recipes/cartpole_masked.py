"""Recipes for CartPole without velocities, which have to be remembered from one step to the next."""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        id="cartpole-masked/recurrent-ppo",
        summary="recurrent PPO balances a pole whose speed it is not shown",
        learner="recurrent-ppo",
        env="palestra/CartPoleMasked-v0",
        num_envs=16,
        budget=200_000,
        eval_every=20_480,
        settings={
            "num_steps": 32,
            "minibatch_size": 256,
            "num_epochs": 10,
            "learning_rate": 2e-3,
            "learning_rate_schedule": "linear",
            "gamma": 0.98,
            "gae_lambda": 0.9,
            "memory_size": 32,
        },
        claim=Claim(450.0, "nine tenths of the 500 that there are; Gymnasium's threshold for CartPole-v1 is 475"),
    ),
)
