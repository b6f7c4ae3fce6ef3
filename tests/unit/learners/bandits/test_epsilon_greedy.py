"""Epsilon-greedy is the plain one, and explores as often as it says."""

import math
from typing import Any

import plain_bandits
import pytest

from palestra.errors import UsageError
from palestra.learners.bandits.epsilon_greedy import EpsilonGreedy, EpsilonGreedyConfig


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, "bernoulli"),
        ({"schedule": "inverse", "epsilon": 20.0}, "gaussian"),
        ({"step_size": 0.1, "initial_value": 0.0}, "drifting"),
    ],
    ids=["constant", "decaying", "constant-step"],
)
def test_the_batched_policy_equals_the_plain_one(settings: dict[str, Any], kind: str) -> None:
    config = EpsilonGreedyConfig(pulls_per_step=plain_bandits.BLOCK, **settings)
    plain_bandits.check_plain(EpsilonGreedy, config, kind, plain_bandits.PlainEpsilonGreedy)


@pytest.mark.parametrize(("epsilon", "schedule"), [(0.3, "constant"), (40.0, "inverse")])
def test_as_many_pulls_explore_as_epsilon_says(epsilon: float, schedule: Any) -> None:
    config = EpsilonGreedyConfig(epsilon=epsilon, schedule=schedule)
    # The one arm that pays is soon known: any other is pulled by exploration alone, nine times in ten.
    learner = plain_bandits.make(EpsilonGreedy, config, num=4000, means=[1.0] + [0.0] * 9)
    learner.step()
    before = learner.optimal_B.clone()
    learner.step()
    other = 100 - (learner.optimal_B - before)
    epsilons = [epsilon if schedule == "constant" else min(1.0, epsilon / t) for t in range(101, 201)]
    expected = 0.9 * sum(epsilons)
    error = math.sqrt(sum(0.9 * e * (1 - 0.9 * e) for e in epsilons) / 4000)
    assert float(other.mean()) == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epsilon": 1.5}, "epsilon=1.5 with schedule constant; expected a probability"),
        ({"epsilon": -1.0, "schedule": "inverse"}, "expected 0 or more"),
        ({"epsilon_end": 2.0}, "epsilon_end=2"),
        ({"horizon": 0}, "horizon=0"),
        ({"step_size": 0.0}, "step_size=0.0"),
        ({"pulls_per_step": 0}, "pulls_per_step=0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        EpsilonGreedyConfig(**settings)
