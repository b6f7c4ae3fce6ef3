"""The off-policy agents of Stable-Baselines3 beside ours: the same parameters, batches and noise."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions

pytest.importorskip("stable_baselines3", reason="the independent implementation comes with the [bench] extra")

from stable_baselines3.common.logger import configure
from stable_baselines3.common.type_aliases import ReplayBufferSamples

BATCH, GAMMA, LR, UPDATES = 64, 0.97, 1e-3, 6
ENV = "HalfCheetah-v5"
SETTINGS: dict[str, Any] = {
    "learning_rate": LR, "gamma": GAMMA, "batch_size": BATCH, "tau": 0.01, "hidden_sizes": (32, 16), "buffer_size": 10,
}  # fmt: skip


def linears(module: nn.Module) -> list[nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


def pairs(ensemble: Any, networks: list[list[nn.Linear]]) -> Iterator[tuple[Tensor, Tensor]]:
    """Our parameters beside those of so many networks, transposed as theirs are."""
    for n, layers in enumerate(networks):
        for weight, bias, layer in zip(ensemble.weights, ensemble.biases, layers, strict=True):
            yield weight[n].t(), layer.weight
            yield bias[n, 0], layer.bias


def deterministic_pairs(ours: Any, theirs: Any) -> Iterator[tuple[Tensor, Tensor]]:
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
