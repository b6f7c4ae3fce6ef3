"""SAC's updates against those of Stable-Baselines3, on the same batches, noise and parameters."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from sb3_off_policy import (
    BATCH,
    ENV,
    SETTINGS,
    UPDATES,
    assert_as_theirs,
    batches,
    copy,
    linears,
    make_theirs,
    pairs,
)
from torch import Tensor

from palestra.envs.world import World
from palestra.learners.off_policy.sac import SAC, SACConfig
from palestra.learners.off_policy.seeing import seen

sb3 = pytest.importorskip("stable_baselines3", reason="the independent implementation comes with the [bench] extra")


def sac_pairs(ours: SAC, theirs: Any) -> Iterator[tuple[Tensor, Tensor]]:
    actor = theirs.actor
    trunk, heads = linears(actor.latent_pi), (actor.mu, actor.log_std)
    for weight, bias, layer in zip(ours.actor.weights, ours.actor.biases, trunk):
        yield weight[0].t(), layer.weight
        yield bias[0, 0], layer.bias
    size = ours.actions.size
    for k, head in enumerate(heads):  # one layer of ours is two of theirs
        yield ours.actor.weights[-1][0, :, k * size : (k + 1) * size].t(), head.weight
        yield ours.actor.biases[-1][0, 0, k * size : (k + 1) * size], head.bias
    yield from pairs(ours.critics, [linears(q) for q in theirs.critic.q_networks])
    yield from pairs(ours.target, [linears(q) for q in theirs.critic_target.q_networks])
    yield ours.temperature.log, theirs.log_ent_coef.squeeze()


@pytest.mark.parametrize("temperature", [None, 0.2], ids=["learned temperature", "fixed temperature"])
def test_updates_are_theirs(temperature: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = make_theirs(sb3.SAC, ent_coef="auto" if temperature is None else temperature)
    theirs.actor.action_dist.epsilon = 0.0  # theirs adds 1e-6 inside the logarithm of 1 - a^2; ours needs not
    ours = SAC(World(ENV, 1), SACConfig(temperature=temperature, **SETTINGS))
    which = sac_pairs
    if temperature is not None:
        which = lambda ours, theirs: list(sac_pairs(ours, _WithLog(theirs)))[:-1]  # noqa: E731
    before = copy(which, ours, theirs)
    rng = torch.Generator().manual_seed(2)
    noises = [torch.randn(2 * BATCH, 6, generator=rng) for _ in range(UPDATES)]
    drawn = iter([half for noise in noises for half in noise.split(BATCH)])
    monkeypatch.setattr("torch.distributions.normal._standard_normal", lambda *_, **__: next(drawn))
    theirs.train(UPDATES, BATCH)
    ours_noise = iter(noises)
    given = [seen(b, ours.encoder, ours.target_encoder) for b in batches()]
    monkeypatch.setattr(torch, "randn", lambda *_, **__: next(ours_noise))
    with torch.no_grad():
        for b in given:
            ours.gradient_step(b)
    assert_as_theirs(ours, theirs, which, before)


class _WithLog:
    """Theirs with a fixed temperature has no logarithm of one to compare."""

    def __init__(self, theirs: Any):
        self.theirs, self.log_ent_coef = theirs, torch.zeros(1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.theirs, name)
