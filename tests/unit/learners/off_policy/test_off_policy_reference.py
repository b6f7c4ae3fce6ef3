"""Updates of SAC, TD3 and DDPG against those of Stable-Baselines3, on the same batches, noise and parameters."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions
from palestra.envs.world import World
from palestra.learners.off_policy.ddpg import DDPG, DDPGConfig
from palestra.learners.off_policy.sac import SAC, SACConfig
from palestra.learners.off_policy.seeing import seen, seen_slowly
from palestra.learners.off_policy.td3 import TD3, TD3Config

pytest.importorskip("stable_baselines3", reason="the independent implementation comes with the [bench] extra")

import stable_baselines3 as sb3
from stable_baselines3.common.logger import configure
from stable_baselines3.common.type_aliases import ReplayBufferSamples

BATCH, GAMMA, LR, UPDATES = 64, 0.97, 1e-3, 6
ENV = "HalfCheetah-v5"


def linears(module: nn.Module) -> list[nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


def pairs(ensemble: Any, networks: list[list[nn.Linear]]) -> Iterator[tuple[Tensor, Tensor]]:
    """Our parameters beside those of so many networks, transposed as theirs are."""
    for n, layers in enumerate(networks):
        for weight, bias, layer in zip(ensemble.weights, ensemble.biases, layers, strict=True):
            yield weight[n].t(), layer.weight
            yield bias[n, 0], layer.bias


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


def td3_pairs(ours: DDPG | TD3, theirs: Any) -> Iterator[tuple[Tensor, Tensor]]:
    yield from pairs(ours.actor, [linears(theirs.actor.mu)])
    yield from pairs(ours.target_actor, [linears(theirs.actor_target.mu)])
    yield from pairs(ours.critics, [linears(q) for q in theirs.critic.q_networks])
    yield from pairs(ours.target_critics, [linears(q) for q in theirs.critic_target.q_networks])


def batches() -> list[Transitions]:
    rng = torch.Generator().manual_seed(1)
    out = []
    for _ in range(UPDATES):
        obs, next_obs = (torch.randn(BATCH, 17, generator=rng) for _ in range(2))
        action = torch.rand(BATCH, 6, generator=rng) * 2 - 1
        reward = torch.randn(BATCH, generator=rng)
        discount = GAMMA * (torch.rand(BATCH, generator=rng) < 0.8).float()
        out.append(Transitions(obs, action, reward, discount, next_obs))
    return out


class Scripted:
    """Stands for a replay buffer of theirs that gives out our batches."""

    def __init__(self, drawn: list[Transitions]):
        self.drawn = iter(drawn)

    def sample(self, batch_size: int, env: object = None) -> ReplayBufferSamples:
        b = next(self.drawn)
        done = (b.discount_B == 0).float()[:, None]
        return ReplayBufferSamples(b.obs_BF, b.action_B, b.next_obs_BF, done, b.return_B[:, None], None)


def assert_as_theirs(ours: Any, theirs: Any, which: Any, before: list[Tensor]) -> None:
    moved = 0
    for (p, q), start in zip(which(ours, theirs), before, strict=True):
        torch.testing.assert_close(p.detach(), q.detach(), rtol=0, atol=1e-5)
        moved += not torch.allclose(p.detach(), start, atol=1e-4)
    assert moved > len(before) / 2  # and the updates were no small matter


def make_theirs(cls: Any, **settings: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = cls(
            "MlpPolicy", ENV, learning_rate=LR, gamma=GAMMA, batch_size=BATCH, tau=0.01, buffer_size=10,
            policy_kwargs={"net_arch": [32, 16]}, device="cpu", **settings,
        )  # fmt: skip
        targets = [theirs.critic_target, *([theirs.actor_target] if hasattr(theirs, "actor_target") else [])]
        with torch.no_grad():  # target networks of their own, as in the midst of training
            for p in (p for target in targets for p in target.parameters()):
                p.add_(0.1 * torch.randn(p.shape))
    theirs.set_logger(configure(None, []))
    theirs.replay_buffer = Scripted(batches())
    return theirs


def copy(which: Any, ours: Any, theirs: Any) -> list[Tensor]:
    with torch.no_grad():
        for p, q in which(ours, theirs):
            p.copy_(q)
    return [p.detach().clone() for p, _ in which(ours, theirs)]


SETTINGS: dict[str, Any] = {
    "learning_rate": LR, "gamma": GAMMA, "batch_size": BATCH, "tau": 0.01, "hidden_sizes": (32, 16), "buffer_size": 10,
}  # fmt: skip


@pytest.mark.parametrize("temperature", [None, 0.2], ids=["learned temperature", "fixed temperature"])
def test_sac(temperature: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize("kind", ["td3", "ddpg"])
def test_td3_and_ddpg(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "td3":
        theirs = make_theirs(sb3.TD3)
        ours: DDPG | TD3 = TD3(World(ENV, 1), TD3Config(**SETTINGS))
    else:
        theirs, ours = make_theirs(sb3.DDPG), DDPG(World(ENV, 1), DDPGConfig(**SETTINGS))
    before = copy(td3_pairs, ours, theirs)
    rng = torch.Generator().manual_seed(2)
    noises = [torch.randn(BATCH, 6, generator=rng) for _ in range(UPDATES)]
    drawn, ours_drawn = iter(noises), iter(noises)
    if kind == "td3":
        monkeypatch.setattr(Tensor, "normal_", lambda self, mean, std: self.copy_(next(drawn) * std + mean))
        theirs.train(UPDATES, BATCH)
    else:
        theirs.train(UPDATES, BATCH)
    given = [seen_slowly(b, ours.encoder, ours.target_encoder) for b in batches()]
    if isinstance(ours, TD3):
        monkeypatch.setattr(torch, "randn", lambda *_, **__: next(ours_drawn))
    with torch.no_grad():
        for b in given:
            ours.loop.gradient_steps_done += 1
            ours.gradient_step(b)
    assert_as_theirs(ours, theirs, td3_pairs, before)
