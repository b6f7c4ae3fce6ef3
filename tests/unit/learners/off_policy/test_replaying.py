"""The loop around off-policy updates: when it acts at random, what it remembers, and what it reports."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.data.replay import Transitions
from palestra.engine.interaction import Interaction
from palestra.envs.world import World
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.replaying import REPORT_EVERY, OffPolicyConfig, ReplayLoop

CPU = torch.device("cpu")


class Explorer:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.explored = self.drawn = 0

    def explore(self, obs_E: Tensor) -> Tensor:
        self.explored += 1
        return torch.zeros(len(obs_E), 2)

    def random(self, obs_E: Tensor) -> Tensor:
        self.drawn += 1
        return torch.full((len(obs_E), 2), float(self.drawn)) / 100


def make(**settings: Any) -> ReplayLoop:
    world = World("probe/TwoTargets", 2)
    interaction = Interaction(world, seed=0)
    actions = BoxActions(interaction.env.action_space, "sac", CPU)
    config = OffPolicyConfig(**{"buffer_size": 100, "batch_size": 4, **settings})
    return ReplayLoop(world, interaction, actions, config, seed=0, device=CPU)


def test_it_acts_at_random_before_learning_starts_and_holds_each_action() -> None:
    loop, explorer = make(train_frequency=14, learning_starts=15, warmup_hold=3), Explorer()
    first = loop.gather(explorer, 0)
    assert (first.action[:, 0, 0] * 100).round().tolist() == [1, 1, 1, 2, 2, 2, 3]
    second = loop.gather(explorer, 14)  # a round is random as a whole; the third action is held through it
    assert (second.action[:, 0, 0] * 100).round().tolist() == [3, 3, 4, 4, 4, 5, 5]
    assert explorer.explored == 0
    loop.gather(explorer, 28)
    assert (explorer.explored, explorer.drawn) == (7, 5)
    assert len(loop.replay) == 42


def test_figures_are_those_of_every_tenth_gradient_step() -> None:
    loop = make(gradient_steps=7)
    loop.gather(Explorer(), 0)
    steps: list[Transitions] = []

    def gradient_step(b: Transitions) -> Any:
        steps.append(b)
        number = float(len(steps))
        return SimpleNamespace(figures=lambda: {"step": torch.tensor(number)})

    rows = [loop.learn(gradient_step) for _ in range(3)]
    assert REPORT_EVERY == 10
    assert rows == [{}, {"train/step": 10.0}, {"train/step": 20.0}]
    assert all(len(b.action_B) == 4 for b in steps)


def test_the_learning_rate_falls_linearly_to_its_end() -> None:
    assert OffPolicyConfig(learning_rate=0.3).learning_rate_at(0.7) == 0.3
    falling = OffPolicyConfig(learning_rate=0.3, learning_rate_end=0.0)
    assert [falling.learning_rate_at(share) for share in (0.0, 0.5, 1.0, 2.0)] == pytest.approx([0.3, 0.15, 0.0, 0.0])
