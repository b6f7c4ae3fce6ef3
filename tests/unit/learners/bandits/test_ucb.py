"""UCB is the plain one, and its formula."""

import math
from typing import Any

import plain_bandits
import pytest
import torch

from palestra.errors import UsageError
from palestra.learners.bandits.ucb import UCB, UCBConfig


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, "gaussian"),  # its sums tie on Bernoulli arms, or not
        ({"power": 1.0, "scale": 2.0, "step_size": 0.2}, "drifting"),
    ],
    ids=["ucb1", "hoeffding"],
)
def test_the_batched_policy_equals_the_plain_one(settings: dict[str, Any], kind: str) -> None:
    config = UCBConfig(pulls_per_step=plain_bandits.BLOCK, **settings)
    plain_bandits.check_plain(UCB, config, kind, plain_bandits.PlainUCB)


def test_another_policy_would_not() -> None:
    one, other = (UCBConfig(pulls_per_step=plain_bandits.BLOCK, power=power) for power in (4.0, 4.05))
    expected = plain_bandits.plain(UCB, one, "gaussian", plain_bandits.PlainUCB)
    assert plain_bandits.batched(UCB, other, "gaussian") != expected


def test_every_arm_is_pulled_once_before_any_twice() -> None:
    arm_TB, _ = plain_bandits.watch(plain_bandits.make(UCB, UCBConfig(pulls_per_step=10)))
    assert torch.equal(arm_TB.sort(0).values, torch.arange(10)[:, None].expand(10, 50))


def test_ucb1_is_its_formula() -> None:
    learner = plain_bandits.make(UCB, UCBConfig(pulls_per_step=1), "gaussian")
    plain_bandits.watch(learner, 40)
    count, mean = learner.rule.means.count_AB, learner.rule.means.mean_AB
    bound = mean + torch.sqrt(2 * math.log(41) / count)  # Auer et al. 2002, figure 1
    assert torch.equal(torch.as_tensor(learner.rule.choose(41, 0)), bound.argmax(0))
    hoeffding = plain_bandits.make(UCB, UCBConfig(power=1.0, scale=2.0), "gaussian")
    hoeffding.load_state_dict(learner.state_dict())
    bound = mean + 2 * torch.sqrt(-math.log(1 / 41) / (2 * count))  # p = 1/t, rewards within an interval of 2
    assert torch.equal(torch.as_tensor(hoeffding.rule.choose(41, 0)), bound.argmax(0))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"power": -1.0}, "power=-1"),
        ({"scale": 0.0}, "scale=0"),
        ({"step_size": 2.0}, "step_size=2.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        UCBConfig(**settings)
