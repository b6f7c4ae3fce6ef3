"""Arms pay what their means say, walk as far as they should, and refuse what makes no bandit."""

from typing import Any

import pytest
import torch

from palestra.envs.bandits import KINDS, Arms, BernoulliArms, GaussianArms, make_arms
from palestra.errors import UsageError


def make(kind: str, num: int = 1000, seed: int = 0, **kwargs: Any) -> Arms:
    return make_arms(kind, num, torch.Generator().manual_seed(seed), kwargs)


def pull(arms: Arms, arm: int, pulls: int) -> torch.Tensor:
    """(pulls, B) rewards of one arm."""
    noise_TB = torch.empty(pulls, arms.num_bandits)
    arms.noise(noise_TB, torch.Generator().manual_seed(1))
    index_B = arm * arms.num_bandits + torch.arange(arms.num_bandits)
    return torch.stack([torch.as_tensor(arms.pull(index_B, noise_B)[0]) for noise_B in noise_TB])


@pytest.mark.parametrize("kind", KINDS)
def test_gaps_are_what_an_arm_loses_against_the_best(kind: str) -> None:
    arms = make(kind)
    assert arms.mean_AB.shape == arms.gap_AB.shape == (10, 1000)
    assert torch.equal(arms.gap_AB, arms.mean_AB.amax(0) - arms.mean_AB)
    assert (arms.gap_AB.amin(0) == 0).all()


def test_bernoulli_arms_pay_one_with_their_probability() -> None:
    arms = make("bandit/bernoulli", means=[0.25, 0.75])
    reward_TB = pull(arms, 1, 400)
    assert set(reward_TB.unique().tolist()) == {0.0, 1.0}
    for mean in (0.25, 0.75):
        rewards = reward_TB[:, arms.mean_AB[1] == mean]
        assert float(rewards.mean()) == pytest.approx(mean, abs=4 * (0.25 * 0.75 / rewards.numel()) ** 0.5)


def test_random_probabilities_are_uniform_and_random_means_normal() -> None:
    uniform = make("bandit/bernoulli").mean_AB
    assert (float(uniform.min()) >= 0, float(uniform.max()) <= 1) == (True, True)
    assert float(uniform.mean()) == pytest.approx(0.5, abs=0.012)
    assert float(uniform.var()) == pytest.approx(1 / 12, abs=0.003)
    normal = make("bandit/gaussian", mean_std=2.0).mean_AB
    assert float(normal.mean()) == pytest.approx(0.0, abs=0.08)
    assert float(normal.std()) == pytest.approx(2.0, abs=0.06)


def test_gaussian_arms_pay_about_their_mean() -> None:
    arms = make("bandit/gaussian", means=[3.0, -1.0], noise_std=0.5)
    error = pull(arms, 0, 400) - arms.mean_AB[0]
    assert float(error.mean()) == pytest.approx(0.0, abs=4 * 0.5 / 400_000**0.5)
    assert float(error.std()) == pytest.approx(0.5, abs=0.003)


def test_drifting_arms_start_equal_and_walk() -> None:
    arms = make("bandit/drifting", drift=0.1)
    assert not arms.mean_AB.any()
    pull(arms, 0, 100)
    assert float(arms.mean_AB.std()) == pytest.approx(0.1 * 100**0.5, rel=0.05)  # a random walk of 100 steps
    assert torch.equal(arms.gap_AB, arms.mean_AB.amax(0) - arms.mean_AB)
    assert not arms.is_stationary


def test_a_pull_is_paid_before_the_arms_move() -> None:
    arms = make("bandit/drifting", num=3, drift=1.0)
    before, before_gap = arms.mean_AB[2].clone(), arms.gap_AB[2]
    reward_B, gap_B = map(torch.as_tensor, arms.pull(2 * 3 + torch.arange(3), torch.zeros(3)))
    assert torch.equal(reward_B, before)
    assert torch.equal(gap_B, before_gap)
    assert not torch.equal(arms.mean_AB[2], before)


def test_given_means_are_shuffled_in_every_bandit() -> None:
    arms = make("bandit/bernoulli", means=[0.9, 0.6, 0.3])
    assert torch.equal(arms.mean_AB.sort(0).values, torch.tensor([0.3, 0.6, 0.9])[:, None].expand(3, 1000))
    first = (arms.mean_AB[0] == 0.9).double().mean()
    assert float(first) == pytest.approx(1 / 3, abs=0.06)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_state_goes_on_the_same(kind: str) -> None:
    arms, other = make(kind), make(kind, seed=1)
    pull(arms, 0, 3)
    state = {"mean": arms.mean_AB.clone(), "generator": arms.state_dict()["generator"].clone()}
    other.load_state_dict(state)
    assert torch.equal(pull(arms, 1, 3), pull(other, 1, 3))
    assert torch.equal(arms.gap_AB, other.gap_AB)


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        ("bandit/bernouli", {}, "unknown kind of bandit 'bandit/bernouli'; nearest: bandit/bernoulli"),
        ("bandit/gaussian", {"drift": 0.1}, "unknown setting of bandit/gaussian 'drift'"),
        ("bandit/bernoulli", {"arms": 1}, "1 arms; expected at least 2"),
        ("bandit/bernoulli", {"arms": 2.5}, "2.5 arms; expected at least 2"),
        ("bandit/bernoulli", {"means": [0.5, 1.5]}, "from 0 to 1"),
        ("bandit/bernoulli", {"means": [0.5, float("nan")]}, "finite numbers"),
        ("bandit/bernoulli", {"means": "0.5"}, "expected a list of numbers"),
        ("bandit/bernoulli", {"means": [0.5, "x"]}, "expected finite numbers"),
        ("bandit/bernoulli", {"means": [0.1, 0.2], "arms": 3}, "arms=3 and 2 means"),
        ("bandit/gaussian", {"noise_std": 0.0}, "noise_std=0; expected a positive number"),
        ("bandit/drifting", {"drift": -1.0}, "drift=-1; expected 0 or more"),
    ],
)
def test_what_makes_no_bandit_is_refused(kind: str, kwargs: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        make(kind, **kwargs)
    with pytest.raises(UsageError, match="at least 1 bandit"):
        make("bandit/gaussian", num=0)


def test_the_kinds_are_what_they_are_called() -> None:
    assert isinstance(make("bandit/bernoulli"), BernoulliArms)
    assert isinstance(make("bandit/gaussian"), GaussianArms)
    assert make("bandit/gaussian").is_stationary
