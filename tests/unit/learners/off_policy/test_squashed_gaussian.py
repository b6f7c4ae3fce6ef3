"""The squashed Gaussian policy: its greedy action by hand, its samples by the distribution of what tanh undoes."""

import pytest
import torch
from gymnasium import spaces

from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.squashed_gaussian import SquashedGaussianPolicy
from palestra.nets.ensemble import Ensemble


def policy() -> SquashedGaussianPolicy:
    actor = Ensemble(1, [2, 2], torch.Generator().manual_seed(0))
    with torch.no_grad():
        actor.weights[0].copy_(torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]))  # what is seen is [mean, log std]
        actor.biases[0].zero_()
    actions = BoxActions(spaces.Box(0.0, 4.0, (1,)), "sac", torch.device("cpu"))
    return SquashedGaussianPolicy(actor, actions, lambda obs: obs / 10.0, seed=0)


@torch.no_grad()
def test_the_greedy_action_is_the_squashed_mean() -> None:
    acted = policy().act(torch.tensor([[5.0, -10.0], [-20.0, 3.0]]))
    torch.testing.assert_close(acted, 2.0 + 2.0 * torch.tensor([[0.5], [-2.0]]).tanh())


@torch.no_grad()
def test_samples_undone_are_gaussian() -> None:
    it = policy()
    sampled = it.act(torch.tensor([[3.0, -5.0]]).expand(20_000, 2), deterministic=False)
    u = (sampled / 2.0 - 1.0).atanh()
    assert float(u.mean()) == pytest.approx(0.3, abs=0.02)
    assert float(u.std()) == pytest.approx(float(torch.tensor(-0.5).exp()), rel=0.02)
    explored = it.explore(torch.tensor([[0.0, 20.0]]).expand(100, 2))
    assert float(explored.abs().max()) <= 1.0
    assert it.random(torch.zeros(7, 2)).shape == (7, 1)
