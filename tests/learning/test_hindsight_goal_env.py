"""A goal environment of the usual form is learned with hindsight as it is, and without hindsight is not."""

from typing import Any

import pytest
from goal_point import GoalPoint
from gymnasium.vector import SyncVectorEnv
from matrix import slow_but

from palestra.learners.off_policy.ddpg import DDPG
from palestra.learners.off_policy.sac import SAC
from palestra.learners.off_policy.td3 import TD3

SETTINGS: dict[str, Any] = {
    "gamma": 0.9, "learning_rate": 3e-3, "hidden_sizes": (32, 32), "batch_size": 128, "buffer_size": 50_000,
    "learning_starts": 512, "train_frequency": 16, "gradient_steps": 8, "tau": 0.02,
}  # fmt: skip
STEPS = 4_000
FEW = 10.0
"""Steps out of 20 that are spent away from the goal, on average, by who goes there and stays."""


def away(learner: type[SAC | TD3 | DDPG], hindsight: float) -> float:
    """Steps that an episode spends away from its goal, over 50 episodes."""
    own = {"temperature": 0.01} if learner is SAC else {}
    config = learner.config_type(**SETTINGS, **own, hindsight=hindsight)
    agent = learner(SyncVectorEnv([GoalPoint] * 16), config, seed=0).learn(STEPS)
    score = float(agent.evaluate(episodes=50, seed=1).score)
    agent.close()
    return -score


@pytest.mark.parametrize("learner", slow_but([DDPG], [SAC, TD3, DDPG]))
def test_goals_are_reached_with_hindsight(learner: type[SAC | TD3 | DDPG]) -> None:
    assert away(learner, 0.8) < FEW


def test_and_not_without() -> None:
    assert away(TD3, 0.0) > 15.0
