"""How an ensemble is fitted: down the likelihood of torch.distributions, with figures in the world's own units."""

import pytest
import torch
from torch import Generator
from torch.distributions import Normal

from palestra.envs.registry import make_vec
from palestra.errors import UsageError
from palestra.learners.models.dynamics_ensemble import SLACK, descend
from palestra.learners.models.ensemble import EnsembleConfig, judged, make_optimizer, make_planner
from palestra.nets.dynamics_ensemble import DynamicsEnsemble, Foretold


def made() -> tuple[DynamicsEnsemble, torch.Tensor, torch.Tensor]:
    rng = Generator().manual_seed(0)
    net = DynamicsEnsemble(2, 2, 1, (5,), rng)
    inputs, targets = torch.randn(2, 30, 3, generator=rng) * 2, torch.randn(2, 30, 3, generator=rng) * 0.1
    net.standardise(inputs.flatten(0, 1), targets.flatten(0, 1))
    return net, inputs, targets


def test_a_step_is_adams_on_the_likelihood_of_torch_distributions() -> None:
    ours, inputs, targets = made()
    theirs, _, _ = made()
    plain = torch.optim.Adam(theirs.parameters(), 1e-3)
    optimizer = make_optimizer(ours, EnsembleConfig(weight_decay=0.0))
    for _ in range(3):
        found = descend(ours, optimizer, inputs, targets)
        said = theirs(inputs)
        likely = Normal(said.mean_MBK, (0.5 * said.log_var_MBK).exp()).log_prob(theirs.as_output(targets)).sum(2)
        apart = (theirs.high_K - theirs.low_K).sum()
        loss = -likely[0].mean() - likely[1].mean() + SLACK * apart
        plain.zero_grad()
        loss.backward()
        plain.step()
        torch.testing.assert_close(found, -likely.mean())
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def test_it_is_judged_in_the_worlds_own_units() -> None:
    net, inputs, targets = made()
    nll, error = judged(net, inputs[0], targets[0])
    said = Foretold(*(each.detach() for each in net(inputs[0])))
    real = Normal(net.as_target(said.mean_MBK), (0.5 * said.log_var_MBK).exp() / net.scale_K)
    assert nll == pytest.approx(-float(real.log_prob(targets[0]).sum(2).mean()), rel=1e-4)
    off = (net.as_target(said.mean_MBK).mean(0) - targets[0]) * net.scale_K
    assert error == pytest.approx(float(off.square().mean().sqrt()), rel=1e-4)


@pytest.mark.parametrize("env_id", ["CartPole-v1", "FrozenLake-v1"])
def test_a_world_that_shows_or_takes_no_vector_is_refused(env_id: str) -> None:
    env = make_vec(env_id, 1)
    with pytest.raises(UsageError, match=r"test given observations .*; expected vectors of numbers"):
        make_planner(env, EnsembleConfig(), "test", 0)
    env.close()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"members": 0}, "members=0; expected at least 1"),
        ({"learning_rate": 0.0}, "learning_rate=0.0; expected a positive number"),
        ({"hidden_sizes": (0,)}, "hidden_sizes="),
        ({"elites": 99}, "elites=99; expected 2 to samples=48"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        EnsembleConfig(**settings)
