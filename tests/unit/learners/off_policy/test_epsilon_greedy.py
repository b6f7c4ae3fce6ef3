"""Epsilon-greedy actions: by hand at the ends, by their shares between."""

import pytest
import torch
from torch import Tensor

from palestra.learners.off_policy.epsilon_greedy import EpsilonGreedyPolicy, LayerNoise
from palestra.nets.mlp import MLP
from palestra.nets.q_network import QNetwork, make_q_network
from palestra.ops.q_heads import make_q_head

CPU = torch.device("cpu")


def head() -> object:
    return make_q_head("none", 1, (-1.0, 1.0), "huber", CPU)


def policy(epsilon: float, noisy: bool = False) -> EpsilonGreedyPolicy:
    init, rng = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)
    q = make_q_network([3], 3, 1, "relu", init, noisy_sigma=0.5 if noisy else None)
    if isinstance(q, MLP):
        with torch.no_grad():
            q.weights[0].copy_(torch.eye(3))  # what is seen are the values
            q.biases[0].zero_()
    noise = LayerNoise(q, noisy, torch.Generator().manual_seed(2))
    return EpsilonGreedyPolicy(q, head(), 3, lambda obs: -obs, noise, lambda: epsilon, rng)  # type: ignore[arg-type]


def shown(num: int) -> Tensor:
    return torch.tensor([[3.0, 1.0, 2.0]]).expand(num, 3)


@torch.no_grad()
def test_greedy_is_the_action_of_the_highest_value() -> None:
    for epsilon in (0.0, 1.0):
        assert policy(epsilon).act(shown(4)).tolist() == [1] * 4
    assert policy(0.0).act(shown(4), deterministic=False).tolist() == [1] * 4


@torch.no_grad()
def test_with_probability_epsilon_it_is_any() -> None:
    acted = policy(0.6).act(shown(30_000), deterministic=False)
    assert (acted.bincount() / 30_000).tolist() == pytest.approx([0.2, 0.6, 0.2], abs=0.01)


@torch.no_grad()
def test_noise_on_the_weights_is_each_samples_own_and_none_when_greedy() -> None:
    it = policy(0.0, noisy=True)
    assert isinstance(it.q, QNetwork)
    (drawn,) = it.noise.draw(5)
    assert len(drawn.unique(dim=0)) == 5
    assert torch.equal(it.act(shown(50)), it.act(shown(50)))
    assert len(it.act(torch.zeros(500, 3), deterministic=False).unique()) > 1
    assert policy(0.0).noise.draw(5) == ()
