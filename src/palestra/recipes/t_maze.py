"""Recipes for the T-maze, whose sign has to be remembered to its end."""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        id="t-maze/recurrent-ppo",
        summary="recurrent PPO remembers a sign for ten steps; without a memory half of the turns are right",
        learner="recurrent-ppo",
        env="palestra/TMaze-v0",
        num_envs=32,
        budget=60_000,
        eval_count=100,
        settings={
            "num_steps": 32,
            "minibatch_size": 256,
            "num_epochs": 4,
            "learning_rate": 3e-3,
            "learning_rate_schedule": "linear",
            "entropy_coef": 0.02,
            "memory_size": 32,
            "hidden_sizes": [],
            "normalize_obs": False,
            "normalize_reward": False,
        },
        claim=Claim(
            0.95, "the optimum is 1, a turn that is always right; the best without a memory makes 0.5, in closed form"
        ),
        optimum=1.0,
        optimum_source="a turn that is always right",
    ),
)
