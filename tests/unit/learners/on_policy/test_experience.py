"""What the policy-gradient methods share: regression of the critics, and the weight of a rollout that is too short."""

import pytest
import torch
from torch import nn

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.a2c import A2C, A2CConfig
from palestra.learners.on_policy.experience import regress
from palestra.learners.on_policy.trpo import TRPO, TRPOConfig
from palestra.learners.on_policy.vpg import VPG, VPGConfig
from palestra.nets.adam import ClippedAdam
from palestra.nets.mlp import MLP


def make_net(inputs: int, seed: int = 0) -> MLP:
    return MLP([inputs, 16, 1], "tanh", torch.Generator().manual_seed(seed), output_gain=1.0)


def test_regression_is_that_of_pytorch() -> None:
    # Two networks, as V and Q are, in one optimizer; whole batches, so that the order of samples plays no part.
    rng = torch.Generator().manual_seed(1)
    inputs, target = [torch.randn(32, n, generator=rng) for n in (3, 5)], torch.randn(32, generator=rng)
    ours, theirs = ([make_net(3), make_net(5, 1)] for _ in range(2))
    fast = ClippedAdam(ours, 1e-2, 1e-5, 0.5)
    parameters = [p for net in theirs for p in net.parameters()]
    reference = torch.optim.Adam(parameters, lr=1e-2, eps=1e-5)
    errors = []
    for _ in range(20):
        reference.zero_grad()
        each = [(net(x).squeeze(1) - target).square().mean() for net, x in zip(theirs, inputs, strict=True)]
        sum(each).backward()
        nn.utils.clip_grad_norm_(parameters, 0.5)
        reference.step()
        errors.append(float(each[0].detach()))
    mean = regress(
        list(zip(ours, inputs, strict=True)), target, fast, num_epochs=20, minibatch_size=32, generator=rng
    )  # fmt: skip
    for p, q in zip((p for net in ours for p in net.parameters()), parameters, strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=1e-5)
    assert mean == pytest.approx(sum(errors) / 20, rel=1e-4)
    assert errors[-1] < 0.9 * errors[0]


def test_an_epoch_sees_every_sample_once_with_its_own_target(monkeypatch: pytest.MonkeyPatch) -> None:
    net, seen = make_net(2), []
    target = torch.arange(10.0)
    monkeypatch.setattr(net, "record", lambda x, record=net.record: (seen.append(x), record(x))[1])
    inputs = torch.stack((target, -target), 1)
    optimizer = ClippedAdam([net], 1e-2, 1e-5, 1.0)
    regress([(net, inputs)], target, optimizer, num_epochs=2, minibatch_size=4, generator=torch.Generator())
    assert [len(x) for x in seen] == [4, 4, 2] * 2
    for epoch in (seen[:3], seen[3:]):
        assert sorted(torch.cat(epoch)[:, 0].tolist()) == target.tolist()
    assert not torch.equal(torch.cat(seen[:3]), torch.cat(seen[3:]))


@pytest.mark.parametrize(("learner", "config"), [(A2C, A2CConfig), (TRPO, TRPOConfig), (VPG, VPGConfig)])
def test_one_sample_is_too_few(learner: type, config: type) -> None:
    with pytest.raises(UsageError, match="num_steps=1 with num_envs=1; expected at least 2 samples"):
        learner(World("CartPole-v1", 1), config(num_steps=1))


@pytest.mark.parametrize(("learner", "config"), [(A2C, A2CConfig), (TRPO, TRPOConfig), (VPG, VPGConfig)])
def test_observations_are_normalised_after_the_update_alone(learner: type, config: type) -> None:
    agent = learner(World("CartPole-v1", 2), config(num_steps=8, normalize_obs=True))
    seen = []
    update = agent.update
    agent.update = lambda b: (seen.append(float(agent.nets.obs_norm.count)), update(b))[1]
    for _ in range(3):
        agent.step()
    assert seen == [0.0, 16.0, 32.0]
    assert float(agent.nets.obs_norm.count) == 48.0
