"""Figures by layer, against sums done by hand: Adam's first step knows one gradient and no more."""

import math

import pytest
import torch
from coin import Coin
from torch import nn

from palestra.learners.registry import learner_type
from palestra.nets.adam import ClippedAdam
from palestra.nets.sgd import SGD
from palestra.trials.layers import layers_of


class Net:
    """A part with a network and what moves it."""

    saves = ("net", "optimizer")

    def __init__(self, adam: bool = True) -> None:
        self.net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1, bias=False))
        with torch.no_grad():
            self.net[0].weight.copy_(torch.tensor([[1.0, 1.0], [2.0, 2.0], [2.0, 2.0]]))
        self.optimizer = ClippedAdam([self.net], 0.01) if adam else SGD([self.net], 0.1)

    def step(self) -> None:
        self.optimizer.gradient.copy_(torch.cat([torch.tensor([3.0, 4, 3, 4, 3, 4]), torch.full((6,), 0.5)]))
        self.optimizer.step()


class Learner:
    """A learner that holds it in a list, as learners hold parts."""

    saves = ("clock", "parts")
    source = None

    def __init__(self, part: Net) -> None:
        self.clock, self.parts = 0, [part]


def test_after_one_step_of_adam_the_gradient_is_known_to_the_digit() -> None:
    part = Net()
    fresh = layers_of(Learner(part))
    assert fresh is not None
    assert (fresh.names, fresh.sizes) == (["0", "2"], [6, 3]), "what all names begin and end with is left out"
    assert fresh.weights[0] == pytest.approx(math.sqrt((2 * 1 + 4 * 4) / 6))
    assert (fresh.gradients, fresh.changes) == ([None, None], [None, None]), "nobody has moved it yet"
    weight = fresh.weights[1]
    part.step()
    told = layers_of(Learner(part))
    assert told is not None
    assert told.gradients == pytest.approx([math.sqrt((9 + 16) / 2), 0.5], rel=1e-5)
    assert told.weights[1] == pytest.approx(float(part.net[2].weight.detach().square().mean().sqrt()))
    assert told.weights[1] != weight
    assert told.changes[1] == pytest.approx(0.01 / told.weights[1], rel=1e-4), (
        "Adam's first step is as long as its rate"
    )


def test_what_keeps_no_moments_tells_its_weights() -> None:
    part = Net(adam=False)
    part.step()
    told = layers_of(Learner(part))
    assert told is not None
    assert told.gradients == told.changes == [None, None]
    assert all(weight > 0 for weight in told.weights)


@pytest.mark.parametrize(
    ("name", "source", "layers"),
    [("ppo", "CartPole-v1", 6), ("dqn", "CartPole-v1", 3), ("sac", "Pendulum-v1", 6), ("td3", "Pendulum-v1", 6)],
)
def test_every_network_of_an_agent_is_seen_at_work_and_the_same_twice(name: str, source: str, layers: int) -> None:
    seen = []
    for _ in range(2):
        learner = learner_type(name).learner(source, seed=1, device="cpu")
        told = layers_of(learner)
        learner.close()
        assert told is not None
        assert len(told.names) == layers
        assert all(size is not None and size > 0 for size in told.activations)
        assert sum(share is None for share in told.flat) == layers // 3, "the last layer of each has no activation"
        seen.append(told)
    assert seen[0] == seen[1]


def test_biases_of_an_ensemble_are_no_layers() -> None:
    learner = learner_type("sac").learner("Pendulum-v1", device="cpu")
    told = layers_of(learner)
    learner.close()
    assert told is not None
    assert told.names == [f"{net}.{i}" for net in ("actor", "critics") for i in range(3)]


def test_what_has_no_network_has_no_layers() -> None:
    assert layers_of(Coin()) is None
