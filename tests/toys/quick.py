"""A recipe that is trained in a moment: PPO on CartPole for 256 steps, of which nobody expects anything."""

from palestra.recipes.recipe import Claim, Recipe

QUICK = Recipe(
    id="toy/quick",
    summary="a training of a moment",
    learner="ppo",
    env="CartPole-v1",
    budget=256,
    num_envs=4,
    eval_every=128,
    eval_count=3,
    settings={"num_steps": 32, "minibatch_size": 64, "num_epochs": 1, "hidden_sizes": [8]},
    claim=Claim(500.1, "the test", count=5, seeds=2),
)
