"""A2C's own rules: advantages of n steps, its schedule, its settings; its update is in test_a2c_reference."""

from typing import Any

import pytest
import torch

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.a2c import A2C, A2CConfig


def make(**settings: Any) -> A2C:
    return A2C(World("CartPole-v1", 4), A2CConfig(**{"hidden_sizes": (8,)} | settings), seed=3)


def test_by_default_advantages_are_n_step_returns_less_the_value() -> None:
    agent = make(num_steps=3, gamma=0.5)
    rollout = agent.experience.rollout(agent.nets)
    assert not rollout.done.any()
    batch = agent.experience.advantages(agent.nets, rollout)
    with torch.no_grad():
        last_E = agent.nets.value(rollout.next_obs[-1]).squeeze(1)
    # All rewards are 1: three of them and the value, two, one.
    expected_TE = torch.stack([1.75 + 0.125 * last_E, 1.5 + 0.25 * last_E, 1 + 0.5 * last_E])
    torch.testing.assert_close(batch.return_B.view(3, 4), expected_TE)
    torch.testing.assert_close(batch.advantage_B, batch.return_B - batch.value_B)


def test_the_linear_schedule_ends_at_zero() -> None:
    agent = make(learning_rate=0.5, learning_rate_schedule="linear")
    batch = agent.experience.collect(agent.nets)
    agent.budget = 1_000
    for agent.clock, expected in ((0, 0.5), (250, 0.375), (1_000, 0.0), (1_100, 0.0)):
        before = agent.optimizer.flat.clone()
        agent.update(batch)
        assert agent.optimizer.learning_rate == pytest.approx(expected)
        assert torch.equal(agent.optimizer.flat, before) == (expected == 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"num_steps": 0}, "num_steps=0"), ({"learning_rate": -1.0}, "learning_rate=-1.0"), ({"gamma": 1.5}, "gamma=1.5")],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        A2CConfig(**settings)
