"""Updates of discrete SAC against one written from the paper in plain autograd, on the same batches and parameters."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions
from palestra.envs.world import World
from palestra.learners.off_policy.discrete_sac import DiscreteSAC, DiscreteSACConfig
from palestra.learners.off_policy.seeing import seen

FEATURES, ACTIONS, BATCH, GAMMA, LR, TAU, UPDATES = 6, 3, 48, 0.95, 2e-3, 0.02, 6
ENV = "Acrobot-v1"


def mlp() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(FEATURES, 24), nn.ReLU(), nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, ACTIONS)
    )  # fmt: skip


class Paper:
    """Christodoulou 2019, algorithm 1, every expectation written out as a loop over actions."""

    def __init__(self, temperature: float | None):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.actor, self.q1, self.q2, self.target1, self.target2 = (mlp() for _ in range(5))
        self.fixed = temperature
        self.log_alpha = torch.zeros((), requires_grad=True)
        self.target_entropy = 0.6 * torch.tensor(float(ACTIONS)).log()
        self.actor_optimizer = torch.optim.Adam(self.actor.parameters(), LR)
        self.q_optimizer = torch.optim.Adam([*self.q1.parameters(), *self.q2.parameters()], LR)
        self.alpha_optimizer = torch.optim.Adam([self.log_alpha], LR)

    def update(self, b: Transitions) -> dict[str, float]:
        alpha = self.log_alpha.exp().detach() if self.fixed is None else torch.tensor(self.fixed)
        probs = torch.distributions.Categorical(logits=self.actor(b.obs_BF))
        entropy = probs.entropy()
        if self.fixed is None:
            alpha_loss = (self.log_alpha * (entropy.detach() - self.target_entropy)).mean()
            self.alpha_optimizer.zero_grad()
            alpha_loss.backward()
            self.alpha_optimizer.step()

        with torch.no_grad():
            next_policy = torch.distributions.Categorical(logits=self.actor(b.next_obs_BF))
            next_q = torch.minimum(self.target1(b.next_obs_BF), self.target2(b.next_obs_BF))
            value = torch.zeros(BATCH)
            for action in range(ACTIONS):
                p = next_policy.probs[:, action]
                value += p * (next_q[:, action] - alpha * p.log())
            target = b.return_B + b.discount_B * value
        rows = torch.arange(BATCH)
        loss = sum(0.5 * ((q(b.obs_BF)[rows, b.action_B] - target) ** 2).mean() for q in (self.q1, self.q2))
        self.q_optimizer.zero_grad()
        loss.backward()
        self.q_optimizer.step()

        with torch.no_grad():
            q = torch.minimum(self.q1(b.obs_BF), self.q2(b.obs_BF))
        actor_loss = torch.zeros(BATCH)
        for action in range(ACTIONS):
            p = probs.probs[:, action]
            actor_loss = actor_loss + p * (alpha * p.log() - q[:, action])
        self.actor_optimizer.zero_grad()
        actor_loss.mean().backward()
        self.actor_optimizer.step()

        with torch.no_grad():
            for network, slow in ((self.q1, self.target1), (self.q2, self.target2)):
                for p, s in zip(network.parameters(), slow.parameters(), strict=True):
                    s.copy_((1 - TAU) * s + TAU * p)
        return {"critic_loss": loss.item(), "entropy": entropy.mean().item(), "temperature": alpha.item()}


def pairs(ours: DiscreteSAC, theirs: Paper) -> list[tuple[Tensor, Tensor]]:
    out = []
    for ensemble, networks in (
        (ours.actor, [theirs.actor]),
        (ours.critics, [theirs.q1, theirs.q2]),
        (ours.target, [theirs.target1, theirs.target2]),
    ):
        for n, network in enumerate(networks):
            linears = [layer for layer in network if isinstance(layer, nn.Linear)]
            for weight, bias, layer in zip(ensemble.weights, ensemble.biases, linears, strict=True):
                out += [(weight[n].t(), layer.weight), (bias[n, 0], layer.bias)]
    return [*out, (ours.temperature.log, theirs.log_alpha)]


def batches() -> list[Transitions]:
    rng = torch.Generator().manual_seed(1)
    out = []
    for _ in range(UPDATES):
        obs, next_obs = (torch.randn(BATCH, FEATURES, generator=rng) for _ in range(2))
        action = torch.randint(ACTIONS, (BATCH,), generator=rng)
        discount = GAMMA * (torch.rand(BATCH, generator=rng) < 0.8).float()
        out.append(Transitions(obs, action, torch.randn(BATCH, generator=rng), discount, next_obs))
    return out


@pytest.mark.parametrize("temperature", [None, 0.3], ids=["learned temperature", "fixed temperature"])
def test_updates_in_a_row_move_every_parameter_as_the_papers(temperature: float | None) -> None:
    theirs = Paper(temperature)
    settings: dict[str, Any] = {"learning_rate": LR, "gamma": GAMMA, "tau": TAU, "hidden_sizes": (24, 16)}
    config = DiscreteSACConfig(temperature=temperature, target_entropy_share=0.6, buffer_size=10, **settings)
    ours = DiscreteSAC(World(ENV, 1), config)
    with torch.no_grad():
        for p, q in pairs(ours, theirs):
            p.copy_(q)
    before = [copy.deepcopy(p.detach()) for p, _ in pairs(ours, theirs)]
    for b in batches():
        with torch.no_grad():
            figures = ours.gradient_step(seen(b, ours.encoder, ours.target_encoder)).figures()
        expected = theirs.update(b)
        assert {name: float(figures[name]) for name in expected} == pytest.approx(expected, abs=1e-5)
    moved = 0
    for (p, q), start in zip(pairs(ours, theirs), before, strict=True):
        torch.testing.assert_close(p.detach(), q.detach(), rtol=0, atol=1e-5)
        moved += not torch.allclose(p.detach(), start, atol=1e-4)
    assert moved >= len(before) - (temperature is not None)
