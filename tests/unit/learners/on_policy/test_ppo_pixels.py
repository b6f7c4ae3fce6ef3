"""PPO and A2C from pixels: updates against plain autograd, the probe of images, shifts, and exact resume."""

from typing import Any

import pytest
import torch
from matrix import slow_but
from plain_layers import doubled, plain_encoder, plain_mlp
from torch import Tensor, nn

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.a2c import A2C, A2CConfig
from palestra.learners.on_policy.ppo import PPO, PPOConfig, Samples
from palestra.learners.on_policy.trpo import TRPO
from palestra.learners.on_policy.vpg import VPG
from palestra.nets import encoders
from palestra.nets.encoders import CLOSE

BATCH, LR, CLIP = 32, 1e-2, 0.2
ENV = "probe/PixelTarget"
SOLVED = 0.9
"""Of a return of at most 1; without seeing, at most 0.267."""


def make(seed: int = 0, **settings: Any) -> PPO:
    fields = {"num_steps": 8, "minibatch_size": BATCH, "num_epochs": 1, "hidden_sizes": (12,), "encoder": "fast"}
    return PPO(World(ENV, 4), PPOConfig(**{**fields, **settings}), seed=seed)


class Plain:
    """PPO's update written down once more: PyTorch's layers, loss, Adam and clipping, every gradient by autograd."""

    def __init__(self, ours: PPO, **settings: Any):
        self.encoder = plain_encoder(ours.nets.encoder).double()  # type: ignore[arg-type]
        self.policy, self.value = (plain_mlp(net).double() for net in (ours.nets.actor, ours.nets.value))
        self.log_std = ours.nets.head.log_std.detach().clone().requires_grad_()
        self.settings = settings
        nets = (self.encoder, self.policy, self.value)
        self.parameters = [self.log_std, *(p for net in nets for p in net.parameters())]
        self.optimizer = torch.optim.Adam(self.parameters, LR, eps=1e-5)

    def update(self, b: Samples) -> None:
        features = self.encoder(b.obs_BF.double() / 255)
        policy = torch.distributions.Normal(self.policy(features), self.log_std.exp())
        ratio = (policy.log_prob(b.action_B).sum(1) - b.log_prob_B).exp()
        advantage = (b.advantage_B - b.advantage_B.mean()) / (b.advantage_B.std() + 1e-8)
        gain = torch.minimum(ratio * advantage, ratio.clamp(1 - CLIP, 1 + CLIP) * advantage).mean()
        error = ((self.value(features).squeeze(1) - b.return_B) ** 2).mean()
        entropy = policy.entropy().sum(1).mean()
        loss = -gain + 0.5 * error - self.settings.get("entropy_coef", 0.0) * entropy
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 0.5)
        self.optimizer.step()


def same(ours: PPO, theirs: Plain) -> list[tuple[Tensor, Tensor]]:
    """Parameters of ours beside those of theirs."""
    assert ours.nets.encoder is not None
    found = [(ours.nets.head.log_std, theirs.log_std)]
    nets = ((ours.nets.encoder, theirs.encoder), (ours.nets.actor, theirs.policy), (ours.nets.value, theirs.value))
    for mine, yours in nets:
        linear = [layer for layer in yours if hasattr(layer, "weight")]
        found += list(zip(mine.weights, (layer.weight for layer in linear), strict=True))
        found += list(zip(mine.biases, (layer.bias for layer in linear), strict=True))
    return found


@torch.no_grad()
def batch(ours: PPO, rng: torch.Generator) -> Samples:
    image = torch.randint(256, (BATCH, 1, 24, 24), dtype=torch.uint8, generator=rng)
    action, noise = torch.randn(BATCH, 2, generator=rng).double(), torch.randn(BATCH, generator=rng).double()
    log_prob = ours.nets.head.log_prob(ours.nets.actor(ours.nets.encode(image)), action) + 0.3 * noise
    return Samples(image, action, log_prob, noise, *torch.randn(2, BATCH, generator=rng).double())


@pytest.mark.parametrize("settings", [{}, {"entropy_coef": 0.02, "activation": "relu"}], ids=["plain", "entropy"])
@pytest.mark.parametrize("encoder", ["fast", "notes"])
def test_updates_in_a_row_move_every_parameter_as_autograd_does(encoder: str, settings: dict[str, Any]) -> None:
    ours = doubled(make(encoder=encoder, learning_rate=LR, clip_range=CLIP, **settings))
    theirs = Plain(ours, **settings)
    before = [q.detach().clone() for _, q in same(ours, theirs)]
    rng = torch.Generator().manual_seed(1)
    for _ in range(4):
        b = batch(ours, rng)
        metrics = ours.update(b)
        theirs.update(b)
        assert metrics["train/clip_fraction"] > 0.1
    for (p, q), start in zip(same(ours, theirs), before, strict=True):
        torch.testing.assert_close(p.detach(), q.detach(), rtol=0, atol=1e-10)
        assert float((q.detach() - start).abs().max()) > 1e-3
    assert len(before) == len(list(ours.modules.parameters()))


LEARNERS: dict[str, tuple[Any, int, dict[str, Any]]] = {
    "ppo": (PPO, 16_384, {"num_steps": 4, "minibatch_size": 128, "num_epochs": 4, "learning_rate": 1e-3}),
    "a2c": (A2C, 51_200, {"num_steps": 2, "learning_rate": 1e-3, "optimizer": "adam", "gae_lambda": 0.0}),
}


def learned(name: str) -> float:
    kind, steps, settings = LEARNERS[name]
    config = kind.config_type(**settings, gamma=0.9, hidden_sizes=(64,), encoder="fast", log_std_init=-0.5)
    agent = kind(World(ENV, 64), config, seed=0).learn(steps)
    return float(agent.evaluate(episodes=100).score)


@pytest.mark.parametrize("name", slow_but(["ppo"], LEARNERS))
def test_what_is_in_the_picture_is_learned(name: str) -> None:
    assert learned(name) > SOLVED


def test_without_the_update_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PPO, "update", lambda *_: {})
    assert learned("ppo") < 0.4


def test_with_an_encoder_that_never_learns_it_is_not_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make()
    assert agent.nets.encoder.learns
    before = [p.detach().clone() for p in agent.nets.encoder.parameters()]
    agent.step()
    assert all(not torch.equal(p, q) for p, q in zip(agent.nets.encoder.parameters(), before, strict=True))
    monkeypatch.setattr(encoders.ConvEncoder, "record", lambda self, image: self(image).detach())
    before = [p.detach().clone() for p in agent.nets.encoder.parameters()]
    agent.step()
    close = [torch.allclose(p, q, atol=1e-2) for p, q in zip(agent.nets.encoder.parameters(), before, strict=True)]
    assert all(close)


def test_only_updates_shift_and_they_shift_what_they_learn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    shifted: list[int] = []

    def shift(image: Tensor, pad: int, generator: torch.Generator) -> Tensor:
        shifted.append(pad)
        return image

    monkeypatch.setattr(encoders, "random_shift", shift)
    agent = make(random_shift=3)
    agent.act(agent.experience.interaction.obs)
    agent.samples(agent.experience.collect(agent.nets))
    assert shifted == []
    agent.step()
    assert shifted == [3]
    make().step()
    assert shifted == [3]


@pytest.mark.parametrize("name", ["ppo", "a2c"])
def test_a_restored_learner_goes_on_bit_for_bit(name: str) -> None:
    def agent(seed: int) -> Any:
        kind, _, settings = LEARNERS[name]
        config = kind.config_type(**settings, encoder="fast", random_shift=2, hidden_sizes=(8,))
        return kind(World(ENV, 8), config, seed=seed)

    first, second = agent(0), agent(1)
    for _ in range(2):
        first.step()
    second.step()
    second.load_state_dict(first.state_dict())
    assert [first.step() for _ in range(2)] == [second.step() for _ in range(2)]
    for p, q in zip(first.modules.parameters(), second.modules.parameters(), strict=True):
        assert torch.equal(p, q)


def test_images_are_not_normalised_since_they_have_one_scale() -> None:
    assert PPOConfig().normalize_obs
    first, second = make(), make(normalize_obs=False)
    assert first.nets.obs_norm is None
    assert [first.step() for _ in range(2)] == [second.step() for _ in range(2)]
    flat = make(encoder="flat")  # to which pixels are numbers
    assert flat.nets.obs_norm is not None


def test_what_cannot_be_read_is_refused_with_the_way_out() -> None:
    assert make(encoder="nature").nets.encoder.layers == CLOSE  # of layers too large for 24 x 24 others take the place
    with pytest.raises(UsageError, match="random_shift=-1"):
        PPOConfig(random_shift=-1)


def test_vectors_need_no_encoder_and_every_method_has_one_for_images() -> None:
    assert not PPO("CartPole-v1").nets.encoder.learns
    assert not A2C("CartPole-v1", A2CConfig()).nets.encoder.learns
    for kind in (VPG, TRPO):
        agent = kind(World(ENV, 2), kind.config_type(num_steps=8, encoder="fast", random_shift=2))
        before = [p.detach().clone() for p in agent.nets.encoder.parameters()]
        agent.step()
        assert agent.nets.actor.weights[0].shape[1] == agent.nets.encoder.num_features
        assert all(not torch.equal(p, q) for p, q in zip(agent.nets.encoder.parameters(), before, strict=True))
    assert make(encoder="flat").nets.actor.weights[0].shape[1] == 24 * 24
