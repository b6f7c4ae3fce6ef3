"""What is worth 1 for ever is worth 10 at first; a memory that takes a time limit for an end learns 6.51."""

import pytest
import torch
from time_limits import collect_confused

from palestra.engine import interaction
from palestra.envs.world import World
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO, RecurrentPPOConfig

GAMMA, LIMIT = 0.9, 10


def value_at_the_start() -> float:
    config = RecurrentPPOConfig(
        gamma=GAMMA, num_steps=16, minibatch_size=64, num_epochs=4, learning_rate=1e-2, memory_size=16,
        hidden_sizes=(16,), normalize_obs=False, normalize_reward=False,
    )  # fmt: skip
    agent = RecurrentPPO(World("probe/ForeverOne", 8), config, seed=0).learn(5_120)
    with torch.no_grad():
        value, _ = agent.remembering.critic.step(torch.zeros(1, 1), agent.remembering.critic.start(1))
    agent.close()
    return float(value)


def test_a_cut_episode_is_worth_what_would_have_come() -> None:
    assert value_at_the_start() == pytest.approx(1 / (1 - GAMMA), abs=0.5)


def test_a_time_limit_taken_for_an_end_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction, "collect", collect_confused)
    assert value_at_the_start() == pytest.approx(sum(GAMMA**k for k in range(LIMIT)), abs=0.5)
