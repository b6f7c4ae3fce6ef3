"""Recipes for Gymnasium's mountain car, pushed left and right, or by a force."""

from palestra.recipes.recipe import Claim, Recipe

RECIPES = (
    Recipe(
        id="mountain-car/dqn",
        summary="DQN with the settings of RL Baselines3 Zoo; the goal has to be found by chance first",
        learner="dqn",
        env="MountainCar-v0",
        num_envs=1,
        budget=120_000,
        eval_every=5_000,
        settings={
            "gamma": 0.98,
            "value_range": [-50.0, 0.0],
            "learning_rate": 4e-3,
            "batch_size": 128,
            "buffer_size": 10_000,
            "learning_starts": 1_000,
            "target_update_interval": 600,
            "train_frequency": 16,
            "gradient_steps": 8,
            "epsilon_end": 0.07,
            "exploration_fraction": 0.2,
            "hidden_sizes": [256, 256],
        },
        claim=Claim(-115.0, "RL Baselines3 Zoo's DQN has -101 on one seed; CleanRL's never leaves -195"),
    ),
    Recipe(
        id="mountain-car-continuous/sac",
        summary="SAC climbs out of a valley; its first random actions are held long enough to swing",
        learner="sac",
        env="MountainCarContinuous-v0",
        num_envs=4,
        budget=50_000,
        eval_every=5_000,
        settings={
            "learning_rate": 1e-3,
            "learning_starts": 8_000,
            "warmup_hold": 20,
            "train_frequency": 4,
            "gamma": 0.999,
            "initial_temperature": 0.1,
            "hidden_sizes": [64, 64],
            "buffer_size": 50_000,
        },
        claim=Claim(90.0, "Gymnasium's reward threshold for MountainCarContinuous-v0"),
    ),
    Recipe(
        id="mountain-car-continuous/sac-demonstrations",
        summary="SAC that is shown ten times how to climb out, half of every batch; it stops when it does better",
        learner="sac",
        env="MountainCarContinuous-v0",
        num_envs=4,
        budget=20_000,
        eval_every=1_000,
        target=92.0,
        settings={
            "learning_rate": 1e-3,
            "learning_starts": 1_000,
            "train_frequency": 4,
            "gamma": 0.999,
            "initial_temperature": 0.1,
            "hidden_sizes": [64, 64],
            "buffer_size": 50_000,
            "demonstrations": "mountain-car-shown",
            "normed_critics": True,
        },
        claim=Claim(
            90.0, "Gymnasium's reward threshold for MountainCarContinuous-v0; those who show it make 89.4", seeds=5
        ),
    ),
    Recipe(
        id="mountain-car-continuous/cem",
        summary="the cross-entropy method looks far enough ahead to see the goal",
        learner="cem",
        env="MountainCarContinuous-v0",
        budget=1,
        eval_every=1,
        eval_count=1,  # nothing is chosen by it
        settings={"horizon": 110, "deviation": 0.8, "hold": 15, "elites": 6, "iterations": 2},
        claim=Claim(
            90.0,
            "Gymnasium's reward threshold for MountainCarContinuous-v0",
            count=20,  # returns differ by 0.4
        ),
    ),
)
