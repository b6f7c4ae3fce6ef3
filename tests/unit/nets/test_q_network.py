"""Which layers a Q network shares, and what its streams are made of."""

import pytest
import torch

from palestra.nets.mlp import MLP
from palestra.nets.noisy import NoisyMLP
from palestra.nets.q_network import QNetwork, make_q_network


def make(sizes: tuple[int, ...] = (4, 8, 6), dueling: str = "mean", sigma: float | None = None, atoms: int = 1):
    return make_q_network(sizes, 3, atoms, "relu", torch.Generator().manual_seed(0), dueling, sigma)


def test_a_plain_one_is_an_mlp() -> None:
    assert isinstance(make(dueling="none"), MLP)
    assert isinstance(make(), QNetwork)
    assert isinstance(make(dueling="none", sigma=0.5), QNetwork)


def test_the_last_hidden_layer_belongs_to_each_stream() -> None:
    net = make(atoms=5)
    assert {name: tuple(p.shape) for name, p in net.named_parameters() if "weights" in name} == {
        "trunk.weights.0": (8, 4),
        "advantage.weights.0": (6, 8), "advantage.weights.1": (15, 6),
        "value.weights.0": (6, 8), "value.weights.1": (5, 6),
    }  # fmt: skip


def test_noise_is_in_the_streams_alone() -> None:
    net = make(sigma=0.5)
    assert type(net.trunk) is MLP
    assert type(net.advantage) is type(net.value) is NoisyMLP
    assert net.draw_noise(7, torch.Generator()).shape == (7, (8 + 6) + (6 + 3) + (8 + 6) + (6 + 1))


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_shared_layers_end_in_an_activation(activation: str) -> None:
    net = make_q_network((4, 8, 6), 3, 1, activation, torch.Generator().manual_seed(0), "max", None)
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    act = torch.tanh if activation == "tanh" else torch.relu
    hidden = act(x @ net.trunk.weights[0].T + net.trunk.biases[0])
    advantage = net.advantage(hidden)
    torch.testing.assert_close(net(x), net.value(hidden) + advantage - advantage.amax(1, keepdim=True))
