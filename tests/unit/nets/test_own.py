"""Networks of the user's own learn, are saved and resumed as ours are, and what does not fit is said at once."""

from pathlib import Path
from typing import Any

import grasp
import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor, nn

import palestra
from palestra.engine.learner import Learner
from palestra.envs.spaces import Packed
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import learner_type
from palestra.nets.adam import ClippedAdam
from palestra.nets.ensemble import Ensemble
from palestra.nets.mlp import MLP
from palestra.nets.own import Networks, OwnEncoder, OwnEnsemble, OwnNetwork, own_network
from palestra.ops.terms import differentiate
from palestra.runs.codec import decode, encode
from palestra.runs.series import read_rows


class Seeing(nn.Module):
    """An encoder with weights, a buffer that moves, and a weight that never learns."""

    def __init__(self, space: spaces.Box, features: int = 6) -> None:
        super().__init__()
        self.linear = nn.Linear(int(np.prod(space.shape)), features)
        self.frozen = nn.Parameter(torch.ones(features), requires_grad=False)
        self.norm = nn.BatchNorm1d(features, momentum=0.01)

    def forward(self, obs: Tensor) -> Tensor:
        return self.norm(self.linear(obs.flatten(1))).tanh() * self.frozen


def layers(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 12), nn.SiLU(), nn.Linear(12, outputs))


SHORT: dict[str, dict[str, Any]] = {
    **{name: {"num_steps": 16} for name in ("ppo", "a2c", "vpg")},
    "trpo": {"num_steps": 16},
    "dqn": {"learning_starts": 32, "batch_size": 16, "buffer_size": 200, "tau": 0.1},
    "pqn": {"num_steps": 16},
    **{
        name: {"learning_starts": 32, "batch_size": 16, "buffer_size": 200}
        for name in ("sac", "td3", "ddpg", "discrete-sac")
    },
}
BOX = ("sac", "td3", "ddpg")
ON_POLICY = ("ppo", "a2c", "vpg", "trpo")


def own(name: str) -> Networks:
    encoder = None if name == "trpo" else Seeing  # its Fisher product takes every weight to learn
    if name in ON_POLICY:
        return Networks(encoder, policy=layers, value=layers)
    return Networks(encoder, q=layers) if name in ("dqn", "pqn") else Networks(encoder, policy=layers, q=layers)


def make(name: str, seed: int = 0, networks: Networks | None = None) -> Learner:
    world = World("Pendulum-v1" if name in BOX else "CartPole-v1", 2)
    config = learner_type(name).config_type(**SHORT[name])
    return learner_type(name)(world, config, seed=seed, networks=own(name) if networks is None else networks)


def weights(learner: Learner) -> dict[str, Tensor]:
    return {name: x.clone() for name, x in learner.modules.state_dict().items()}


@pytest.mark.parametrize("name", SHORT)
def test_they_learn_and_go_on_from_a_saved_state_as_if_nothing_had_happened(name: str) -> None:
    learner, resumed = make(name), make(name, seed=1)
    before = weights(learner)
    steps = 30 if name in ("dqn", *BOX, "discrete-sac") else 2
    for _ in range(steps):
        learner.step()
    after = weights(learner)
    moved = {key for key, x in after.items() if x.is_floating_point() and not torch.equal(x, before[key])}
    learnt = {key for key in after if key.endswith(("0.weight", "2.weight", "linear.weight"))}
    assert learnt
    assert learnt <= moved
    assert not any("frozen" in key for key in moved)
    assert resumed.load_state_dict(decode(*encode(learner.state_dict()))) == []
    for _ in range(steps):
        learner.step()
        resumed.step()
    ours, theirs = weights(learner), weights(resumed)
    assert all(torch.equal(x, theirs[key]) for key, x in ours.items())
    assert any(not torch.equal(x, after[key]) for key, x in ours.items())


@pytest.mark.parametrize("name", ["ppo", "dqn"])
def test_a_seed_decides_what_makers_draw_and_nothing_else_is_drawn(name: str) -> None:
    before = torch.random.get_rng_state()
    first, same, other = make(name), make(name), make(name, seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    key = next(key for key in weights(first) if key.endswith("0.weight"))
    assert torch.equal(weights(first)[key], weights(same)[key])
    assert not torch.equal(weights(first)[key], weights(other)[key])


def test_a_module_is_copied_with_its_weights() -> None:
    module = layers(4, 2)
    agent = make("ppo", networks=Networks(policy=module))
    assert torch.equal(weights(agent)["policy.module.0.weight"], module[0].weight)
    before = module[0].weight.clone()
    agent.step()
    assert torch.equal(module[0].weight, before)


@pytest.mark.parametrize("rows", [7, 4])
def test_an_ensemble_goes_back_as_autograd_does(rows: int) -> None:
    nets = [layers(5, 3) for _ in range(2)]
    ours = OwnEnsemble(nets)
    optimizer = ClippedAdam([ours], 1e-3)
    x, a = torch.randn(7, 3), torch.randn(7, 2, requires_grad=True)
    out = ours.record(x, a)
    assert torch.equal(out, ours(torch.cat((x, a), 1)))
    found = differentiate((out[:, :rows] ** 2).sum(), lambda network: network is ours)
    optimizer._write(found.at, found.learned)
    recorded = [p.grad.clone() for p in ours.parameters()]
    direct = torch.autograd.grad((ours(torch.cat((x, a), 1))[:, :rows] ** 2).sum(), list(ours.parameters()))
    assert all(torch.allclose(mine, plain) for mine, plain in zip(recorded, direct, strict=True))
    assert ours(torch.randn(2, 7, 5)).shape == (2, 7, 3)
    assert ours.record(x, a, number=1).shape == (1, 7, 3)


def test_only_the_first_rows_of_a_pass_may_be_in_a_loss() -> None:
    ours, reference = OwnEnsemble([layers(4, 2)]), Ensemble(1, [4, 12, 2], torch.Generator())
    for net in (ours, reference):
        optimizer = ClippedAdam([net], 1e-2)
        before = optimizer.flat.clone()
        out = net.record(torch.randn(6, 4))
        first = out.detach()[:, :3].requires_grad_()
        first.recorded = out.recorded  # type: ignore[attr-defined]
        optimizer.descend(first.square().sum())
        assert not torch.equal(optimizer.flat, before)


def test_sizes_of_policy_and_value_may_differ_by_settings() -> None:
    config = palestra.PPOConfig(hidden_sizes=(16,), value_hidden_sizes=(32, 8))
    nets = palestra.PPO("CartPole-v1", config).nets
    assert isinstance(nets.actor, MLP)
    assert isinstance(nets.value, MLP)
    assert [len(w) for w in nets.actor.weights] == [16, 2]
    assert [len(w) for w in nets.value.weights] == [32, 8, 1]
    sac = palestra.SAC("Pendulum-v1", palestra.SACConfig(hidden_sizes=(16,), value_hidden_sizes=()))
    assert [w.shape[2] for w in sac.actor.weights] == [16, 2]
    assert [w.shape[2] for w in sac.critics.weights] == [1]
    vpg = palestra.VPG("CartPole-v1", palestra.VPGConfig(phi="q", value_hidden_sizes=(24,)))
    assert vpg.q is not None
    assert [len(w) for w in vpg.q.weights] == [24, 1]
    with pytest.raises(UsageError, match=r"value_hidden_sizes=\(0,\); expected positive sizes"):
        palestra.PPOConfig(value_hidden_sizes=(0,))


class Image(nn.Module):
    def forward(self, obs: Tensor) -> Tensor:
        assert obs.dtype == torch.float32
        assert 0.0 <= obs.min() <= obs.max() <= 1.0
        return obs.flatten(1).mean(1, keepdim=True)


def test_images_come_as_numbers_from_0_to_1_and_dicts_by_name() -> None:
    image = spaces.Box(0, 255, (3, 12, 12), np.uint8)
    encoder = OwnEncoder(image, Image())
    batch = encoder.to_batch(torch.full((4, 3, 12, 12), 51, dtype=torch.uint8))
    assert encoder.num_features == 1
    assert encoder.encode(batch).flatten().tolist() == pytest.approx([0.2] * 4)
    assert encoder.encode_to_learn(batch).shape == (4, 1)  # though nothing in it learns
    assert encoder.shifted(batch, 2, torch.Generator()).shape == batch.shape
    with pytest.raises(UsageError, match="random shifts"):
        OwnEncoder(spaces.Box(-1, 1, (3,)), nn.Flatten()).shifted(torch.zeros(1, 3), 2, torch.Generator())

    class Parts(nn.Module):
        def forward(self, obs: dict[str, Tensor]) -> Tensor:
            return torch.cat((obs["eye"].flatten(1).mean(1, keepdim=True), obs["arm"]), 1)

    packed = Packed({"eye": image, "arm": spaces.Box(-1, 1, (2,), np.float32)})
    obs = {"eye": np.full((1, 3, 12, 12), 255, np.uint8), "arm": np.array([[0.5, -0.5]], np.float32)}
    encoder = OwnEncoder(packed, Parts())
    assert encoder.see(torch.from_numpy(packed.pack(obs))).tolist() == [[1.0, 0.5, -0.5]]


def test_what_does_not_fit_is_said_when_it_is_given() -> None:
    for networks, said in (
        (Networks(q=layers), "networks with q=layers; expected of this algorithm encoder and policy and value only"),
        (Networks(policy=nn.Linear(4, 3)), "policy Linear, which makes 3 numbers of 4; expected 2 of them"),
        (Networks(policy=nn.Linear(5, 2)), r"policy Linear cannot take \(2, 4\): mat1 and mat2"),
        (Networks(value=lambda inputs, outputs: 3), "value=3; expected an nn.Module"),
        (Networks(encoder=nn.Unflatten(1, (2, 2))), r"encoder Unflatten, which makes \(1, 2, 2\) torch.float32"),
        (Networks(policy=nn.Linear(4, 2).double()), "policy Linear with weights of torch.float64"),
    ):
        with pytest.raises(UsageError, match=said):
            make("ppo", networks=networks)
    with pytest.raises(UsageError, match="q=Linear, one module for 2 networks; expected a function that makes one"):
        make("sac", networks=Networks(q=nn.Linear(4, 1)))
    with pytest.raises(UsageError, match="q-learning given networks; expected none"):
        learner_type("q-learning")("CliffWalking-v1", networks=Networks(q=layers))
    with pytest.raises(UsageError, match="with a q of your own; expected neither"):
        palestra.DQN("CartPole-v1", palestra.DQNConfig(noisy=True), networks=Networks(q=layers))
    assert isinstance(own_network("policy", layers, 0, 3, 2), OwnNetwork)


def test_a_run_with_own_networks_is_resumed_and_loaded_with_them_and_says_so_without(tmp_path: Path) -> None:
    own_ones = Networks(policy=layers)
    settings: dict[str, Any] = {"num_steps": 32, "eval_count": 3, "eval_every": 512, "claim": False}
    whole, cut = (
        palestra.train("cartpole/ppo", out=tmp_path, budget=budget, networks=own_ones, seed=3, **settings)
        for budget in (2048, 1024)
    )
    assert whole.ending == cut.ending == "finished"
    with pytest.raises(UsageError, match=r"is of networks policy=layers, and these are ours; expected the same.*load"):
        palestra.load(cut.path)
    with pytest.raises(UsageError, match="is of networks policy=layers"):
        palestra.resume(cut.path)
    assert palestra.resume(cut.path, networks=own_ones).notes == []
    agent = palestra.load(whole.path, networks=own_ones)
    assert agent.predict(np.zeros(4, np.float32)) in (0, 1)
    saved = agent.save(tmp_path / "saved")
    again = palestra.load(saved, networks=own_ones)
    assert all(torch.equal(x, weights(again)[key]) for key, x in weights(agent).items())
    assert read_rows(Path(whole.path) / "metrics.db")


def test_grasp_is_learnt_through_an_encoder_of_ones_own() -> None:
    agent = palestra.PPO(
        World(grasp.ID, 8), palestra.PPOConfig(num_steps=32, minibatch_size=64, learning_rate=0.01),
        networks=Networks(encoder=Seeing, policy=layers),
    )  # fmt: skip
    agent.learn(8_000)
    assert agent.evaluate(episodes=50).score > 0.9
