"""Thompson sampling is the plain one, and its posteriors are exact."""

import math
from typing import Any

import plain_bandits
import pytest
import torch

from palestra.errors import UsageError
from palestra.learners.bandits import thompson
from palestra.learners.bandits.thompson import BetaPosterior, GaussianPosterior, Thompson, ThompsonConfig

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("settings", "kind", "plain"),
    [
        ({}, "bernoulli", plain_bandits.PlainBetaThompson),
        ({}, "gaussian", plain_bandits.PlainGaussianThompson),
        ({"prior_std": 0.5, "drift": 0.2, "noise_std": 0.7}, "drifting", plain_bandits.PlainGaussianThompson),
    ],
    ids=["beta", "gaussian", "kalman"],
)
def test_the_batched_policy_equals_the_plain_one(
    settings: dict[str, Any], kind: str, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thompson, "Contest", lambda count_2AB: None)  # draws all, as a device does
    plain_bandits.check_plain(Thompson, ThompsonConfig(pulls_per_step=plain_bandits.BLOCK, **settings), kind, plain)


@pytest.mark.parametrize(("pulls", "parts"), [(9, []), (10, [10]), (250, [100, 100, 50])])
def test_a_contest_plays_blocks_of_some_pulls_in_parts(
    pulls: int, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = plain_bandits.make(Thompson, ThompsonConfig(pulls_per_step=pulls))
    played, play = [], learner.rule.contest.play
    monkeypatch.setattr(
        learner.rule.contest, "play", lambda a, noise, g: (played.append(len(noise)), play(a, noise, g))[1]
    )
    learner.step()
    assert played == parts
    assert float(learner.rule.posterior.count_2AB.sum()) == 50 * (20 + pulls)  # two of each prior, and every pull


def test_the_beta_posterior_is_the_exact_tally(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thompson, "Contest", lambda count_2AB: None)  # which has a tally of its own
    learner = plain_bandits.make(Thompson, ThompsonConfig(prior_alpha=2.0, prior_beta=3.0))
    arm_TB, reward_TB = plain_bandits.watch(learner, 2)
    alpha_AB, beta_AB = learner.rule.posterior.count_2AB
    assert torch.equal(alpha_AB, 2.0 + plain_bandits.tally(arm_TB, reward_TB))
    assert torch.equal(beta_AB, 3.0 + plain_bandits.tally(arm_TB, 1.0 - reward_TB))


def test_the_gaussian_posterior_is_the_conjugate_one() -> None:
    learner = plain_bandits.make(
        Thompson, ThompsonConfig(prior_mean=0.5, prior_std=2.0, noise_std=0.7), "gaussian", noise_std=0.7
    )
    arm_TB, reward_TB = plain_bandits.watch(learner, 2)
    precision = 1 / 2.0**2 + plain_bandits.tally(arm_TB, torch.ones_like(reward_TB)) / 0.7**2
    mean = (0.5 / 2.0**2 + plain_bandits.tally(arm_TB, reward_TB) / 0.7**2) / precision
    torch.testing.assert_close(learner.rule.posterior.var_AB, 1 / precision, rtol=1e-4, atol=0.0)
    torch.testing.assert_close(learner.rule.posterior.mean_AB, mean, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(learner.rule.posterior.std_AB, learner.rule.posterior.var_AB.sqrt())


def test_drift_keeps_every_arm_uncertain() -> None:
    """Two steps of a Kalman filter by hand: gain 1/2, then (0.5 + 1) / (0.5 + 1 + 1) = 0.6."""
    posterior = GaussianPosterior(ThompsonConfig(drift=1.0), (2, 1), CPU)
    posterior.update(torch.tensor([0]), torch.tensor([4.0]))
    assert posterior.mean_AB.tolist() == [[2.0], [0.0]]
    assert posterior.var_AB.tolist() == [[1.5], [2.0]]
    posterior.update(torch.tensor([0]), torch.tensor([7.0]))
    assert posterior.mean_AB.flatten().tolist() == pytest.approx([5.0, 0.0])
    assert posterior.var_AB.flatten().tolist() == pytest.approx([1.6, 3.0])
    assert posterior.std_AB.flatten().tolist() == pytest.approx([math.sqrt(1.6), math.sqrt(3.0)])


def test_draws_come_from_the_posterior() -> None:
    beta = BetaPosterior(ThompsonConfig(prior_alpha=3.0, prior_beta=2.0), (1, 100_000), CPU)
    odds = beta.sample(torch.Generator().manual_seed(0)).double()
    mu = odds / (1 + odds)
    assert float(mu.mean()) == pytest.approx(0.6, abs=0.003)
    assert float(mu.var()) == pytest.approx(3 * 2 / (25 * 6), abs=0.001)
    gaussian = GaussianPosterior(ThompsonConfig(prior_mean=1.0, prior_std=0.5), (1, 100_000), CPU)
    drawn = gaussian.sample(torch.Generator().manual_seed(0))
    assert float(drawn.mean()) == pytest.approx(1.0, abs=0.007)
    assert float(drawn.std()) == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"prior_alpha": 0.5}, "prior_alpha=0.5; expected at least 1"),
        ({"prior_std": 0.0}, "prior_std=0"),
        ({"noise_std": -1.0}, "noise_std=-1"),
        ({"drift": -0.1}, "drift=-0.1"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ThompsonConfig(**settings)
