"""Each policy's update against its closed form."""

import math
from typing import Any

import pytest
import torch

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.bandits.arm_means import ArmMeans
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.bandits.epsilon_greedy import EpsilonGreedy, EpsilonGreedyConfig
from palestra.learners.bandits.gradient import GradientBandit, GradientBanditConfig
from palestra.learners.bandits.rule import BanditRule
from palestra.learners.bandits.thompson import BetaPosterior, GaussianPosterior, Thompson, ThompsonConfig
from palestra.learners.bandits.ucb import UCB, UCBConfig

CPU = torch.device("cpu")


def make(cls: type[BanditRule], config: Any, kind: str = "bernoulli", num: int = 50, **kwargs: Any) -> Any:
    return BanditLearner(cls, World(f"bandit/{kind}", num, kwargs=kwargs), config, seed=0, device="cpu")


def watch(learner: BanditLearner, steps: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Arms (T, B) chosen and rewards (T, B) earned over steps."""
    arms, rewards, update = [], [], learner.rule.update

    def watched(index_B: torch.Tensor, reward_B: torch.Tensor, t: int) -> None:
        arms.append(index_B // learner.arms.num_bandits)
        rewards.append(reward_B.clone())
        update(index_B, reward_B, t)

    learner.rule.update = watched  # type: ignore[method-assign]
    for _ in range(steps):
        learner.step()
    return torch.stack(arms), torch.stack(rewards)


def tally(arm_TB: torch.Tensor, weight_TB: torch.Tensor, num_arms: int = 10) -> torch.Tensor:
    """(A, B) sums of weights over the pulls of each arm."""
    return torch.zeros(num_arms, arm_TB.shape[1]).scatter_add_(0, arm_TB, weight_TB)


# Means of arms


def test_sample_means_are_the_means_of_what_was_paid() -> None:
    learner = make(EpsilonGreedy, EpsilonGreedyConfig(epsilon=0.5), "gaussian")
    arm_TB, reward_TB = watch(learner, 3)
    count = tally(arm_TB, torch.ones_like(reward_TB))
    assert torch.equal(learner.rule.means.count_AB, count)
    expected = torch.where(count > 0, tally(arm_TB, reward_TB) / count, 1.0)  # as believed where never pulled
    torch.testing.assert_close(learner.rule.means.mean_AB, expected, rtol=1e-4, atol=1e-5)


def test_a_constant_step_weights_the_newest_most() -> None:
    """Q_n = (1 - a)^n Q_0 + sum_i a (1 - a)^(n - i) R_i (Sutton & Barto 2018, eq. 2.6)."""
    means = ArmMeans((2, 1), 5.0, 0.1, CPU)
    rewards = [1.0, -2.0, 4.0, 0.5]
    for reward in rewards:
        means.update(torch.tensor([1]), torch.tensor([reward]))
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
        means.update(torch.arange(200), reward_B)
    assert torch.equal(means.count_AB[0], torch.full((200,), 1e6))
    torch.testing.assert_close(means.mean_AB[0].double(), total / 1e6, rtol=0.0, atol=5e-6)


# Epsilon-greedy


@pytest.mark.parametrize(("epsilon", "schedule"), [(0.3, "constant"), (40.0, "inverse")])
def test_as_many_pulls_explore_as_epsilon_says(epsilon: float, schedule: Any) -> None:
    config = EpsilonGreedyConfig(epsilon=epsilon, schedule=schedule)
    # The one arm that pays is soon known: any other is pulled by exploration alone, nine times in ten.
    learner = make(EpsilonGreedy, config, num=4000, means=[1.0] + [0.0] * 9)
    learner.step()
    before = learner.optimal_B.clone()
    learner.step()
    other = 100 - (learner.optimal_B - before)
    epsilons = [epsilon if schedule == "constant" else min(1.0, epsilon / t) for t in range(101, 201)]
    expected = 0.9 * sum(epsilons)
    error = math.sqrt(sum(0.9 * e * (1 - 0.9 * e) for e in epsilons) / 4000)
    assert float(other.mean()) == pytest.approx(expected, abs=4 * error)


# UCB


def test_every_arm_is_pulled_once_before_any_twice() -> None:
    arm_TB, _ = watch(make(UCB, UCBConfig(pulls_per_step=10)))
    assert torch.equal(arm_TB.sort(0).values, torch.arange(10)[:, None].expand(10, 50))


def test_ucb1_is_its_formula() -> None:
    learner = make(UCB, UCBConfig(pulls_per_step=1), "gaussian")
    watch(learner, 40)
    count, mean = learner.rule.means.count_AB, learner.rule.means.mean_AB
    bound = mean + torch.sqrt(2 * math.log(41) / count)  # Auer et al. 2002, figure 1
    assert torch.equal(learner.rule.choose(41, 0), bound.argmax(0))
    hoeffding = make(UCB, UCBConfig(power=1.0, scale=2.0), "gaussian")
    hoeffding.load_state_dict(learner.state_dict())
    bound = mean + 2 * torch.sqrt(-math.log(1 / 41) / (2 * count))  # p = 1/t, rewards within an interval of 2
    assert torch.equal(hoeffding.rule.choose(41, 0), bound.argmax(0))


# Thompson


def test_the_beta_posterior_is_the_exact_tally() -> None:
    learner = make(Thompson, ThompsonConfig(prior_alpha=2.0, prior_beta=3.0))
    arm_TB, reward_TB = watch(learner, 2)
    alpha_AB, beta_AB = learner.rule.posterior.count_2AB
    assert torch.equal(alpha_AB, 2.0 + tally(arm_TB, reward_TB))
    assert torch.equal(beta_AB, 3.0 + tally(arm_TB, 1.0 - reward_TB))


def test_the_gaussian_posterior_is_the_conjugate_one() -> None:
    learner = make(Thompson, ThompsonConfig(prior_mean=0.5, prior_std=2.0, noise_std=0.7), "gaussian", noise_std=0.7)
    arm_TB, reward_TB = watch(learner, 2)
    precision = 1 / 2.0**2 + tally(arm_TB, torch.ones_like(reward_TB)) / 0.7**2
    mean = (0.5 / 2.0**2 + tally(arm_TB, reward_TB) / 0.7**2) / precision
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


# Gradient bandit


@pytest.mark.parametrize("baseline", [0.0, 3.0, -7.0])
def test_the_expected_step_is_the_gradient_of_the_expected_reward(baseline: float) -> None:
    """E[step] = alpha * d/dH sum_a pi(a) mu(a), whatever the baseline (Sutton & Barto 2018, section 2.8)."""
    generator = torch.Generator().manual_seed(0)
    preference_A, mean_A = torch.randn(2, 10, generator=generator, dtype=torch.float64)
    # Bandit b pulls arm b and earns its mean; all have the same preferences. So every arm's step is seen once.
    learner = make(GradientBandit, GradientBanditConfig(step_size=0.5), "gaussian", num=10)
    learner.rule.preference_AB.copy_(preference_A.float()[:, None])
    learner.rule.baseline_B.fill_(baseline)
    learner.rule.prepare(2, 1)
    learner.rule.choose(2, 0)
    learner.rule.update(torch.arange(10) * 10 + torch.arange(10), mean_A.float(), 2)
    step_AB = learner.rule.preference_AB.double() - preference_A[:, None]
    leaf_A = preference_A.clone().requires_grad_()
    policy_A = leaf_A.softmax(0)
    (gradient_A,) = torch.autograd.grad((policy_A * mean_A).sum(), leaf_A)
    torch.testing.assert_close(step_AB @ policy_A.detach(), 0.5 * gradient_A, rtol=0.0, atol=2e-6)


def test_arms_are_chosen_with_the_policys_probabilities() -> None:
    learner = make(GradientBandit, GradientBanditConfig(), num=200_000, arms=3)
    learner.rule.preference_AB.copy_(torch.log(torch.tensor([0.2, 0.5, 0.3]))[:, None])
    learner.rule.prepare(1, 1)
    share = learner.rule.choose(1, 0).bincount(minlength=3) / 200_000
    assert share.tolist() == pytest.approx([0.2, 0.5, 0.3], abs=0.005)


# Settings


@pytest.mark.parametrize(
    ("config_type", "settings", "said"),
    [
        (EpsilonGreedyConfig, {"epsilon": 1.5}, "epsilon=1.5 with schedule constant; expected a probability"),
        (EpsilonGreedyConfig, {"epsilon": -1.0, "schedule": "inverse"}, "expected 0 or more"),
        (EpsilonGreedyConfig, {"epsilon_end": 2.0}, "epsilon_end=2"),
        (EpsilonGreedyConfig, {"horizon": 0}, "horizon=0"),
        (EpsilonGreedyConfig, {"step_size": 0.0}, "step_size=0.0"),
        (EpsilonGreedyConfig, {"pulls_per_step": 0}, "pulls_per_step=0"),
        (UCBConfig, {"power": -1.0}, "power=-1"),
        (UCBConfig, {"scale": 0.0}, "scale=0"),
        (UCBConfig, {"step_size": 2.0}, "step_size=2.0"),
        (ThompsonConfig, {"prior_alpha": 0.5}, "prior_alpha=0.5; expected at least 1"),
        (ThompsonConfig, {"prior_std": 0.0}, "prior_std=0"),
        (ThompsonConfig, {"noise_std": -1.0}, "noise_std=-1"),
        (ThompsonConfig, {"drift": -0.1}, "drift=-0.1"),
        (GradientBanditConfig, {"step_size": 0.0}, "step_size=0"),
    ],
)
def test_settings_out_of_range_are_refused(config_type: Any, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        config_type(**settings)
