"""The deterministic policy: tanh of its network within the bounds, and noise that never leads out of them."""

import pytest
import torch
from gymnasium import spaces

from palestra.errors import UsageError
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.deterministic import CriticsLearned, DeterministicConfig, DeterministicPolicy
from palestra.nets.ensemble import Ensemble

OBS = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))


def policy(noise_std: float) -> DeterministicPolicy:
    actor = Ensemble(1, [6, 4, 2], torch.Generator().manual_seed(1))
    actions = BoxActions(spaces.Box(0.0, 4.0, (2,)), "td3", torch.device("cpu"))
    return DeterministicPolicy(
        actor, actions, lambda obs: torch.cat((obs, -obs), 1), DeterministicConfig(noise_std=noise_std), 5, seed=0
    )


def test_actions_are_the_networks_within_the_bounds() -> None:
    it = policy(0.1)
    (w0, w1), (b0, b1) = ([p[0] for p in ps] for ps in (it.actor.weights, it.actor.biases))
    u = (torch.cat((OBS, -OBS), 1) @ w0 + b0).relu() @ w1 + b1
    with torch.no_grad():
        torch.testing.assert_close(it.act(OBS), 2.0 + 2.0 * u.tanh())
        assert torch.equal(it.act(OBS), it.act(OBS))


def test_without_deviation_exploring_is_acting() -> None:
    it = policy(0.0)
    with torch.no_grad():
        assert torch.equal(it.actions.to_env(it.explore(OBS)), it.act(OBS))
        assert torch.equal(it.act(OBS, deterministic=False), it.act(OBS))


def test_noise_is_kept_within_the_bounds() -> None:
    it = policy(9.0)
    with torch.no_grad():
        explored, acted = it.explore(OBS), it.act(OBS, deterministic=False)
    assert float(explored.abs().max()) == 1.0
    assert (float(acted.min()), float(acted.max())) == (0.0, 4.0)


def test_figures_are_means_over_critics() -> None:
    learned = CriticsLearned(torch.tensor([[[1.0], [2.0]], [[3.0], [6.0]]]), torch.tensor([1.0, 4.0]))
    found = {name: float(value) for name, value in learned.figures().items()}
    assert found == {"critic_loss": (0 + 4 + 4 + 4) / 4, "q_mean": 3.0}


def test_a_negative_deviation_is_refused() -> None:
    with pytest.raises(UsageError, match="noise_std=-1; expected 0 or more"):
        DeterministicConfig(noise_std=-1)
