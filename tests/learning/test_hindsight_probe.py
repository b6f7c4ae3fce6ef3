"""SAC and TD3 reach goals that chance seldom reaches with hindsight, and without it, or without learning, do not."""

from types import SimpleNamespace
from typing import Any

import pytest
from matrix import slow_but

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.sac import SAC
from palestra.learners.off_policy.td3 import TD3

SETTINGS: dict[str, Any] = {
    "gamma": 0.9, "learning_rate": 3e-3, "hidden_sizes": (32, 32), "batch_size": 128, "buffer_size": 50_000,
    "learning_starts": 512, "train_frequency": 16, "gradient_steps": 8, "tau": 0.02,
}  # fmt: skip
STEPS = 4_000
OWN: dict[Any, dict[str, Any]] = {SAC: {"temperature": 0.01}, TD3: {}}
LEARNERS, IDS = [SAC, TD3], ["sac", "td3"]
ONE = pytest.mark.parametrize("learner", slow_but([TD3], LEARNERS), ids=IDS)
"""Hindsight is the same code for both: one shows it in every run of the tests."""


def reached(learner: type[SAC | TD3], hindsight: float) -> float:
    """Share of 100 episodes, none of them seen in training, that end at the goal."""
    config = learner.config_type(**SETTINGS, **OWN[learner], hindsight=hindsight)
    agent = learner(World("probe/GoalPoint", 16), config, seed=0).learn(STEPS)
    return float(agent.evaluate(episodes=100, seed=1).score)


@ONE
def test_goals_are_reached_with_hindsight(learner: type[SAC | TD3]) -> None:
    assert reached(learner, 0.8) > 0.95


@ONE
def test_and_not_without(learner: type[SAC | TD3]) -> None:
    assert reached(learner, 0.0) < 0.5


@ONE
def test_and_not_without_learning(learner: type[SAC | TD3], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner, "gradient_step", lambda *_: SimpleNamespace(figures=dict))
    assert reached(learner, 0.8) < 0.5


def test_worlds_without_goals_are_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"hindsight=0.8 in 'probe/TwoTargets', whose observations hold no goals"):
        SAC("probe/TwoTargets", SAC.config_type(hindsight=0.8))
    with pytest.raises(UsageError, match="n_step=3 with hindsight; expected n_step=1"):
        SAC.config_type(hindsight=0.8, n_step=3)
    with pytest.raises(UsageError, match=r"hindsight=1.5; expected a share"):
        TD3.config_type(hindsight=1.5)
