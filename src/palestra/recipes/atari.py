"""Recipes for Atari's games from their pixels; they need the [atari] extra.

Pictures are of 42 x 42: a frame costs the emulator a tenth of a millisecond, so that with four frames a step half of an
hour on two cores goes there whatever is learned; the network of 2013, for pictures so small, makes the other half do.
"""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_PONG = Claim(18.0, "of 21 points that a game is won by: a game as good as won", count=30, seeds=3)
_BREAKOUT = Claim(30.0, "about what Mnih et al. 2015 measured a human at, 31.8", count=30, seeds=3)
_SMALL = {"size": 42}

_PPO: dict[str, Any] = {
    "num_steps": 64,
    "minibatch_size": 256,
    "num_epochs": 3,
    "learning_rate": 5e-4,
    "learning_rate_schedule": "linear",
    "entropy_coef": 0.01,
    "hidden_sizes": [],
    "encoder": "mnih-2013-42",
    "encoder_precision": "bfloat16",
    "normalize_obs": False,
    "normalize_reward": False,
}

RECIPES = (
    Recipe(
        id="pong/ppo",
        summary="PPO wins Pong from pictures of 42 x 42 within an hour; --devices 2 plays and learns on two cores",
        learner="ppo",
        env="ALE/Pong-v5",
        env_kwargs=_SMALL,
        num_envs=32,
        budget=4_000_000,
        eval_every=500_000,
        eval_count=5,  # a game is two thousand steps
        settings=_PPO,
        claim=_PONG,
    ),
    Recipe(
        id="pong/pqn",
        summary="PQN wins Pong with neither replay nor a target network; --devices 2 for two cores",
        learner="pqn",
        env="ALE/Pong-v5",
        env_kwargs=_SMALL,
        num_envs=32,
        budget=5_000_000,
        eval_every=500_000,
        eval_count=5,
        settings={
            "num_steps": 32,
            "minibatch_size": 128,
            "num_epochs": 2,
            "learning_rate": 5e-4,
            "learning_rate_schedule": "linear",
            "epsilon_end": 0.01,
            "exploration_fraction": 0.1,
            "hidden_sizes": [],
            "encoder": "mnih-2013-42",
            "encoder_precision": "bfloat16",
        },
        claim=_PONG,
    ),
    Recipe(
        id="pong/dqn",
        summary="DQN wins Pong: double, three steps, and samples in large batches, a quarter as often",
        learner="dqn",
        env="ALE/Pong-v5",
        env_kwargs=_SMALL,
        num_envs=8,
        budget=1_500_000,
        threads=2,
        eval_every=250_000,
        eval_count=5,
        settings={
            "buffer_size": 200_000,
            "learning_starts": 10_000,
            "batch_size": 128,
            "train_frequency": 16,
            "learning_rate": 2.5e-4,
            "double": True,
            "n_step": 3,
            "target_update_interval": 8_000,
            "epsilon_end": 0.01,
            "exploration_fraction": 0.1,
            "hidden_sizes": [],
            "encoder": "mnih-2013-42",
            "encoder_precision": "bfloat16",
        },
        claim=Claim(_PONG.threshold, _PONG.source, count=30, seeds=2),
    ),
    Recipe(
        id="breakout/ppo",
        summary="PPO breaks bricks from pictures of 42 x 42 for an hour; --devices 2 for two cores",
        learner="ppo",
        env="ALE/Breakout-v5",
        env_kwargs=_SMALL,
        num_envs=32,
        budget=4_000_000,
        eval_every=500_000,
        eval_count=10,
        settings={**_PPO, "clip_range": 0.1},
        claim=_BREAKOUT,
    ),
)
