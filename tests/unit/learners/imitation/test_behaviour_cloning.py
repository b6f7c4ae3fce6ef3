"""Behaviour cloning against frequencies, a table, least squares and a plain loop in PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from plain_layers import doubled, plain_mlp
from recordings import COINS, episodes, known_as, with_coins
from torch import nn

import palestra
from palestra.datasets.order import permutation
from palestra.envs.registry import make_vec
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.imitation.behaviour_cloning import BehaviourCloning, BehaviourCloningConfig
from palestra.learners.labels.descent import make_optimizer


def make(env: str, data: str, seed: int = 0, **settings: Any) -> BehaviourCloning:
    return BehaviourCloning(World(env), BehaviourCloningConfig(data=data, **settings), seed=seed)


def of_a_table(monkeypatch: pytest.MonkeyPatch, action: Any, state: Any) -> str:
    """Steps in the frozen lake, an action in each state."""
    shown = np.eye(16, dtype=np.float32)[state]
    made = episodes("FrozenLake-v1", [len(state)], observations=shown, actions=action, final_observations=shown[:1])
    return known_as(monkeypatch, "table", made)


def test_a_deterministic_expert_is_recovered_in_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).integers(4, size=16)
    state = np.tile(np.arange(16), 8)
    agent = make("FrozenLake-v1", of_a_table(monkeypatch, table[state], state), learning_rate=1e-2).learn(4_000)
    assert agent.predict(np.arange(16)).tolist() == table.tolist()


def test_of_an_expert_that_draws_its_actions_it_learns_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least cross-entropy of a network that tells states apart is at the frequencies."""
    rng = np.random.default_rng(0)
    state, action = rng.integers(4, size=800), rng.integers(4, size=800) * rng.integers(2, size=800)
    name = of_a_table(monkeypatch, action, state)
    agent = make(
        "FrozenLake-v1", name, hidden_sizes=(), learning_rate=0.1, weight_decay=0.0, batch_size=800,
        learning_rate_schedule="cosine",
    ).learn(800 * 200)  # fmt: skip
    out = agent.imitator.net(torch.eye(16)[:4]).softmax(1).detach()
    for s in range(4):
        share = [float((action[state == s] == a).mean()) for a in range(4)]
        torch.testing.assert_close(out[s], torch.tensor(share), rtol=0, atol=2e-3)


def test_batches_in_a_row_move_every_parameter_as_a_plain_loop_does(monkeypatch: pytest.MonkeyPatch) -> None:
    made = episodes("CartPole-v1", [30, 40])
    name = known_as(monkeypatch, "mine", made)
    settings = {"batch_size": 16, "hidden_sizes": (8,), "learning_rate": 0.01, "learning_rate_schedule": "constant"}
    ours = doubled(make("CartPole-v1", name, weight_decay=0.1, **settings))
    ours.optimizer = make_optimizer(ours.config, ours.modules)
    plain = plain_mlp(ours.imitator.net).double()
    groups = [[p for p in plain.parameters() if (p.dim() > 1) is large] for large in (True, False)]
    adam = torch.optim.AdamW(
        [{"params": groups[0], "weight_decay": 0.1}, {"params": groups[1], "weight_decay": 0.0}], 0.01
    )
    obs = torch.from_numpy(made.observations).double()
    obs = (obs - obs.mean(0)) / (obs.var(0, unbiased=False) + 1e-8).sqrt()
    ours.step()
    for begin in range(0, 70, 16):
        rows = permutation(0, 0, 70)[begin : begin + 16]
        loss = nn.functional.cross_entropy(plain(obs[rows]), torch.from_numpy(made.actions)[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert ours.clock == 70
    pairs = [p for pair in zip(ours.imitator.net.weights, ours.imitator.net.biases) for p in pair]
    for p, q in zip(pairs, plain.parameters(), strict=True):
        torch.testing.assert_close(p.detach(), q.detach(), rtol=0, atol=1e-5)  # scales are kept in float32


def test_numbers_are_those_of_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is recorded is the squashed value of a matrix; a linear network finds it."""
    rng = np.random.default_rng(0)
    obs = rng.normal(size=(400, 3)).astype(np.float32)
    action = (2 * np.tanh(obs @ [[0.8], [-0.5], [0.1]] + 0.2)).astype(np.float32)
    name = known_as(monkeypatch, "mine", episodes("Pendulum-v1", [400], observations=obs, actions=action))
    agent = make(
        "Pendulum-v1", name, hidden_sizes=(), normalize_obs=False, learning_rate=0.03, weight_decay=0.0,
        learning_rate_schedule="cosine",
    ).learn(40_000)  # fmt: skip
    torch.testing.assert_close(
        agent.imitator.net.weights[0].detach(), torch.tensor([[0.8, -0.5, 0.1]]), rtol=0, atol=2e-3
    )
    seen = torch.from_numpy(obs)
    torch.testing.assert_close(agent.act(seen).detach(), torch.from_numpy(action), rtol=0, atol=0.01)
    assert torch.equal(agent.act(seen, deterministic=False), agent.act(seen))


def test_of_coins_it_is_as_good_as_chance_and_of_the_best_ones_better(monkeypatch: pytest.MonkeyPatch) -> None:
    name = with_coins(monkeypatch)

    def score(share: float) -> float:
        agent = make(COINS, name, best_share=share, learning_rate=0.01).learn(8_000)
        return agent.evaluate(episodes=200, deterministic=False).score

    assert score(1.0) == pytest.approx(2.0, abs=0.3)
    assert score(0.05) > 3.8  # of 400 episodes of four coins, one in sixteen is all ones


def test_images_are_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The corner of a bright square, pointed at in a recording."""
    env = make_vec("probe/PixelTarget", 512)
    obs = env.reset(0)
    made = episodes(
        "probe/PixelTarget", [1] * 512, observations=obs.numpy(), actions=env.expert().numpy(),
        final_observations=obs.numpy(), rewards=np.ones(512, np.float32),
    )  # fmt: skip
    agent = make("probe/PixelTarget", known_as(monkeypatch, "images", made), batch_size=64).learn(512 * 12)
    assert agent.evaluate(episodes=100).score > 0.9


def test_what_it_cannot_learn_from_is_refused() -> None:
    with pytest.raises(UsageError, match="behaviour-cloning in 'Pendulum-v1' with data=cartpole-mixed"):
        palestra.BehaviourCloning("Pendulum-v1")
    with pytest.raises(UsageError, match=r"best_share=0\.0; expected a share above 0, to 1"):
        BehaviourCloningConfig(best_share=0.0)
    assert isinstance(make("CartPole-v1", "cartpole-mixed").env.action_space, spaces.Discrete)


def test_between_two_ways_a_square_is_least_and_a_mixture_keeps_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who saw x did x + 1 or x - 1, as often: squares find x, five Gaussians find both."""
    x = np.random.default_rng(0).uniform(-0.5, 0.5, (300, 1)).astype(np.float32)
    obs, action = np.repeat(np.tile(x, (2, 1)), 3, 1), np.concatenate((x + 1, x - 1))
    made = episodes("Pendulum-v1", [600], observations=obs, actions=action, final_observations=obs[:1])
    name = known_as(monkeypatch, "two", made)
    seen = torch.linspace(-0.4, 0.4, 50)[:, None].expand(50, 3)
    said = {}
    for components in (0, 3):
        agent = make("Pendulum-v1", name, components=components, learning_rate=3e-3, batch_size=100).learn(60_000)
        said[components] = agent.act(seen).detach()
    torch.testing.assert_close(said[0], seen[:, :1], rtol=0, atol=0.1)
    torch.testing.assert_close((said[3] - seen[:, :1]).abs(), torch.ones(50, 1), rtol=0, atol=0.15)
    drawn = agent.act(seen, deterministic=False).detach() - seen[:, :1]
    assert 0.2 < float((drawn > 0).float().mean()) < 0.8
    assert (drawn.abs() - 1).abs().mean() < 0.15
    with pytest.raises(UsageError, match="components=-1; expected 0 or more"):
        BehaviourCloningConfig(components=-1)
