"""Updates of DrQ against one in plain autograd, on the same images, noise and parameters; and what it sees."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.drq import DrQ, DrQConfig
from palestra.learners.off_policy.seeing import seen
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.encoders import LAYERS, ConvEncoder

BATCH, GAMMA, LR, TAU, UPDATES, ACTIONS = 16, 0.95, 1e-3, 0.05, 5, 2
SMALL: dict[str, Any] = {
    "learning_rate": LR, "gamma": GAMMA, "tau": TAU, "batch_size": BATCH, "buffer_size": 64, "hidden_sizes": (24, 16),
    "encoder_channels": 6, "encoder_features": 8, "shift_pixels": 2,
}  # fmt: skip


def make(**settings: Any) -> DrQ:
    return DrQ(World("probe/PixelTarget", 2), DrQConfig(**{**SMALL, **settings}))


def doubled(agent: DrQ) -> DrQ:
    """Its networks in float64: in float32 a ReLU nearer to zero than rounding is open on one side, shut on another."""
    agent.modules.double()
    agent.encoder.dtype = agent.target_encoder.dtype = torch.float64  # type: ignore[union-attr]
    agent.actor_optimizer = ClippedAdam([agent.actor, agent.temperature], LR)
    agent.critic_optimizer = ClippedAdam([agent.critics, agent.encoder], LR)
    agent.slow = flatten_parameters([agent.target, agent.target_encoder])
    return agent


def layers_of(encoder: ConvEncoder) -> nn.Sequential:
    """The encoder in PyTorch's own layers, with copies of its parameters."""
    *weights, last = encoder.weights
    layers: list[nn.Module] = []
    for weight, bias, (kernel, stride, padding) in zip(weights, encoder.biases, LAYERS):
        conv = nn.Conv2d(weight.shape[1], weight.shape[0], kernel, stride, padding)
        conv.load_state_dict({"weight": weight, "bias": bias})
        layers += [conv, nn.ReLU()]
    linear, norm = nn.Linear(last.shape[1], last.shape[0]), nn.LayerNorm(len(last))
    linear.load_state_dict({"weight": last, "bias": encoder.biases[-1]})
    norm.load_state_dict(encoder.norm.state_dict())
    return nn.Sequential(*layers, nn.Flatten(), linear, norm, nn.Tanh()).double()


def mlps_of(ensemble: Any) -> nn.ModuleList:
    out = nn.ModuleList()
    for n in range(ensemble.number):
        layers: list[nn.Module] = []
        for weight, bias in zip(ensemble.weights, ensemble.biases, strict=True):
            linear = nn.Linear(weight.shape[1], weight.shape[2])
            linear.load_state_dict({"weight": weight[n].t(), "bias": bias[n, 0]})
            layers += [linear, nn.ReLU()]
        out.append(nn.Sequential(*layers[:-1]).double())
    return out


class Plain:
    """SAC on shifted images with M = K views, one view at a time, every gradient by autograd."""

    def __init__(self, ours: DrQ):
        self.views = ours.config.views
        self.encoder, self.slow_encoder = layers_of(ours.encoder), layers_of(ours.target_encoder)
        (self.actor,) = mlps_of(ours.actor)
        self.critics, self.slow_critics = mlps_of(ours.critics), mlps_of(ours.target)
        self.log_alpha = ours.temperature.log.detach().clone().requires_grad_()
        self.critic_optimizer = torch.optim.Adam([*self.critics.parameters(), *self.encoder.parameters()], LR)
        self.actor_optimizer = torch.optim.Adam(self.actor.parameters(), LR)
        self.alpha_optimizer = torch.optim.Adam([self.log_alpha], LR)

    def act(self, features: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_std = self.actor(features).chunk(2, 1)
        squash = torch.distributions.TanhTransform(cache_size=1)
        gaussian = torch.distributions.Normal(mean, log_std.clamp(-20, 2).exp())
        policy = torch.distributions.TransformedDistribution(gaussian, squash)
        action = squash(mean + gaussian.scale * noise)
        return action, policy.log_prob(action).sum(1)

    def update(self, b: Transitions, noise: Tensor) -> None:
        see = [(x.double() / 255 - 0.5).chunk(self.views) for x in (b.obs_BF, b.next_obs_BF)]
        views, next_views = see
        noises = noise.split(BATCH)
        alpha = self.log_alpha.exp().detach()
        features = self.encoder(views[0]).detach()
        action, log_prob = self.act(features, noises[0])
        self.alpha_optimizer.zero_grad()
        (-self.log_alpha * (log_prob.detach() - ACTIONS)).mean().backward()
        self.alpha_optimizer.step()

        with torch.no_grad():
            value = torch.zeros(BATCH, dtype=torch.float64)
            for view, eps in zip(next_views, noises[1:], strict=True):
                next_action, next_log_prob = self.act(self.encoder(view), eps)
                x = torch.cat((self.slow_encoder(view), next_action), 1)
                value += torch.minimum(*(q(x).squeeze(1) for q in self.slow_critics)) - alpha * next_log_prob
            target = b.return_B + b.discount_B * value / self.views
        loss = torch.zeros(())
        for view in views:
            x = torch.cat((self.encoder(view), b.action_B), 1)
            for q in self.critics:
                loss = loss + 0.5 * ((q(x).squeeze(1) - target) ** 2).mean() / self.views
        self.critic_optimizer.zero_grad()
        loss.backward()
        self.critic_optimizer.step()

        x = torch.cat((features, action), 1)
        self.actor_optimizer.zero_grad()
        (alpha * log_prob - torch.minimum(*(q(x).squeeze(1) for q in self.critics))).mean().backward()
        self.actor_optimizer.step()
        with torch.no_grad():
            for fast, slow in ((self.encoder, self.slow_encoder), (self.critics, self.slow_critics)):
                for p, s in zip(fast.parameters(), slow.parameters(), strict=True):
                    s.copy_((1 - TAU) * s + TAU * p)


def parameters(ours: DrQ, theirs: Plain) -> list[tuple[Tensor, Tensor]]:
    """Ours, brought into the form of theirs, beside theirs."""
    out = [(ours.temperature.log, theirs.log_alpha)]
    for mine, yours in (
        (layers_of(ours.encoder), theirs.encoder),
        (layers_of(ours.target_encoder), theirs.slow_encoder),
        (mlps_of(ours.actor), nn.ModuleList([theirs.actor])),
        (mlps_of(ours.critics), theirs.critics),
        (mlps_of(ours.target), theirs.slow_critics),
    ):
        out += list(zip(mine.parameters(), yours.parameters(), strict=True))
    return out


def batches() -> list[Transitions]:
    rng = torch.Generator().manual_seed(1)
    out = []
    for _ in range(UPDATES):
        obs, next_obs = (torch.randint(256, (BATCH, 1, 24, 24), dtype=torch.uint8, generator=rng) for _ in range(2))
        action = torch.rand(BATCH, ACTIONS, generator=rng).double() * 2 - 1
        discount = GAMMA * (torch.rand(BATCH, generator=rng) < 0.8).double()
        out.append(Transitions(obs, action, torch.randn(BATCH, generator=rng).double(), discount, next_obs))
    return out


@pytest.mark.parametrize("views", [1, 2])
def test_updates_in_a_row_move_every_parameter_as_autograd_does(views: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.random.fork_rng():
        ours = doubled(make(views=views))
        with torch.no_grad():  # a target encoder of its own, as in the midst of training
            ours.slow.add_(torch.randn(ours.slow.shape, generator=torch.Generator().manual_seed(3)).double() / 20)
        theirs = Plain(ours)
        before = [copy.deepcopy(p.detach()) for _, p in parameters(ours, theirs)]
        rng = torch.Generator().manual_seed(2)
        for b in batches():
            noise = torch.randn((1 + views) * BATCH, ACTIONS, generator=rng).double()
            prepared = b.seen_by(ours.views)
            assert prepared.obs_BF.shape == (views * BATCH, 1, 24, 24)
            with torch.no_grad(), monkeypatch.context() as patch:
                patch.setattr(torch, "randn", lambda *_, noise=noise, **__: noise)
                ours.gradient_step(seen(prepared, ours.encoder, ours.target_encoder))
            theirs.update(prepared, noise)
        moved = 0
        for (p, q), start in zip(parameters(ours, theirs), before, strict=True):
            torch.testing.assert_close(p.detach(), q.detach(), rtol=0, atol=1e-6)
            moved += not torch.allclose(q.detach(), start, atol=1e-4)
        assert moved == len(before)  # and the updates were no small matter


def test_every_observation_and_every_view_is_shifted_by_itself() -> None:
    agent = make(views=2)
    (b, *_) = batches()
    same = b._replace(next_obs_BF=b.obs_BF)
    prepared = same.seen_by(agent.views)
    shown = [*prepared.obs_BF.chunk(2), *prepared.next_obs_BF.chunk(2)]
    for i in range(4):
        assert shown[i].dtype == torch.uint8
        for j in range(i):
            assert not torch.equal(shown[i], shown[j])
    plain = b.seen_by(make(augment="none").views)
    assert torch.equal(plain.obs_BF, b.obs_BF)
    assert torch.equal(plain.next_obs_BF, b.next_obs_BF)


def test_replay_keeps_bytes_and_acting_shifts_nothing() -> None:
    agent = make(learning_starts=4)
    agent.step()
    seen = agent.loop.replay.state_dict()["seen"]
    assert seen["pictures"].dtype == torch.uint8
    obs = agent.env.observation_space.sample()
    first, second = (agent.predict(obs) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_vectors_are_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"drq cannot learn from Box.*; expected images of bytes"):
        DrQ("probe/TwoTargets")


@pytest.mark.parametrize("wrong", [{"views": 0}, {"shift_pixels": 0}, {"encoder_channels": 0}, {"encoder_features": 0}])
def test_settings_out_of_range_are_named(wrong: dict[str, int]) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(UsageError, match=f"{name}={value}; expected at least 1"):
        DrQConfig(**wrong)


def test_more_views_of_what_is_not_shifted_are_refused() -> None:
    with pytest.raises(UsageError, match="views=2 with augment='none'; expected one view"):
        DrQConfig(views=2, augment="none")
