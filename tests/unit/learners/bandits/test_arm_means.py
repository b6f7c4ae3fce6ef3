"""Counts and means are those of what was paid."""

import numpy as np
import plain_bandits
import pytest
import torch

from palestra.learners.bandits.arm_means import ArmMeans
from palestra.learners.bandits.epsilon_greedy import EpsilonGreedy, EpsilonGreedyConfig

CPU = torch.device("cpu")


def test_sample_means_are_the_means_of_what_was_paid() -> None:
    learner = plain_bandits.make(EpsilonGreedy, EpsilonGreedyConfig(epsilon=0.5), "gaussian")
    arm_TB, reward_TB = plain_bandits.watch(learner, 3)
    count = plain_bandits.tally(arm_TB, torch.ones_like(reward_TB))
    assert torch.equal(learner.rule.means.count_AB, count)
    expected = torch.where(
        count > 0, plain_bandits.tally(arm_TB, reward_TB) / count, 1.0
    )  # as believed where never pulled
    torch.testing.assert_close(learner.rule.means.mean_AB, expected, rtol=1e-4, atol=1e-5)


def test_a_constant_step_weights_the_newest_most() -> None:
    """Q_n = (1 - a)^n Q_0 + sum_i a (1 - a)^(n - i) R_i (Sutton & Barto 2018, eq. 2.6)."""
    means = ArmMeans((2, 1), 5.0, 0.1, CPU)
    rewards = [1.0, -2.0, 4.0, 0.5]
    for reward in rewards:
        means.update(np.array([1]), np.array([reward], np.float32))
    expected = 0.9**4 * 5.0 + sum(0.1 * 0.9 ** (4 - i) * r for i, r in enumerate(rewards, start=1))
    assert means.mean_AB.tolist() == [[5.0], [pytest.approx(expected)]]


def test_float32_means_hold_over_a_million_pulls() -> None:
    means = ArmMeans((1, 200), 0.0, None, CPU)
    generator = torch.Generator().manual_seed(0)
    means.count_AB.fill_(999_000.0)
    means.mean_AB.fill_(0.3)
    total = torch.full((200,), 0.3 * 999_000, dtype=torch.float64)
    for _ in range(1000):
        reward_B = (torch.rand(200, generator=generator) < 0.6).float()
        total += reward_B
        means.update(torch.arange(200).numpy(), reward_B.numpy())
    assert torch.equal(means.count_AB[0], torch.full((200,), 1e6))
    torch.testing.assert_close(means.mean_AB[0].double(), total / 1e6, rtol=0.0, atol=5e-6)
