"""The gradient bandit is the plain one, and its expected step is the gradient."""

import numpy as np
import plain_bandits
import pytest
import torch

from palestra.errors import UsageError
from palestra.learners.bandits.gradient import GradientBandit, GradientBanditConfig


@pytest.mark.parametrize(
    ("baseline", "kind"), [(True, "gaussian"), (False, "bernoulli")], ids=["baseline", "no-baseline"]
)
def test_the_batched_policy_equals_the_plain_one(baseline: bool, kind: str) -> None:
    config = GradientBanditConfig(pulls_per_step=plain_bandits.BLOCK, baseline=baseline)
    plain_bandits.check_plain(GradientBandit, config, kind, plain_bandits.PlainGradient)


@pytest.mark.parametrize("baseline", [0.0, 3.0, -7.0])
def test_the_expected_step_is_the_gradient_of_the_expected_reward(baseline: float) -> None:
    """E[step] = alpha * d/dH sum_a pi(a) mu(a), whatever the baseline (Sutton & Barto 2018, section 2.8)."""
    generator = torch.Generator().manual_seed(0)
    preference_A, mean_A = torch.randn(2, 10, generator=generator, dtype=torch.float64)
    # Bandit b pulls arm b and earns its mean; all have the same preferences. So every arm's step is seen once.
    learner = plain_bandits.make(GradientBandit, GradientBanditConfig(step_size=0.5), "gaussian", num=10)
    learner.rule.preference_AB.copy_(preference_A.float()[:, None])
    learner.rule.baseline_B.fill_(baseline)
    learner.rule.prepare(2, 1)
    learner.rule.choose(2, 0)
    learner.rule.update(np.arange(10) * 10 + np.arange(10), mean_A.float().numpy(), 2)
    step_AB = learner.rule.preference_AB.double() - preference_A[:, None]
    leaf_A = preference_A.clone().requires_grad_()
    policy_A = leaf_A.softmax(0)
    (gradient_A,) = torch.autograd.grad((policy_A * mean_A).sum(), leaf_A)
    torch.testing.assert_close(step_AB @ policy_A.detach(), 0.5 * gradient_A, rtol=0.0, atol=2e-6)


def test_arms_are_chosen_with_the_policys_probabilities() -> None:
    learner = plain_bandits.make(GradientBandit, GradientBanditConfig(), num=200_000, arms=3)
    learner.rule.preference_AB.copy_(torch.log(torch.tensor([0.2, 0.5, 0.3]))[:, None])
    learner.rule.prepare(1, 1)
    share = torch.as_tensor(learner.rule.choose(1, 0)).bincount(minlength=3) / 200_000
    assert share.tolist() == pytest.approx([0.2, 0.5, 0.3], abs=0.005)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="step_size=0"):
        GradientBanditConfig(step_size=0.0)
