"""What is seen of layers at work, against the same worked out by hand, however a network is written."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from palestra.engine.seeding import generator
from palestra.nets.activations import Activity, Watch
from palestra.nets.ensemble import Ensemble
from palestra.nets.mlp import MLP

W = nn.Parameter(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]))
B = nn.Parameter(torch.tensor([0.0, 1.0, 0.0]))
X = torch.tensor([[1.0, 2.0], [-3.0, 4.0]])
# X W^T + B is (1, 3, -3), (-3, 5, -1), whose last column ReLU leaves nothing of.
RELU = Activity(((1 + 9 + 25) / 6) ** 0.5, 3 / 6, 1 / 3)

WRITTEN = {
    "linear": lambda: F.linear(X, W, B).relu(),
    "in place": lambda: F.relu(F.linear(X, W, B), inplace=True),
    "matrices": lambda: torch.relu(X @ W.t() + B),
    "addmm": lambda: torch.addmm(B, X, W.t()).relu_(),
    "batched": lambda: torch.baddbmm(B.expand(1, 2, 3), X[None], W.t()[None]).relu(),
    "convolution": lambda: F.conv2d(X[:, :, None, None], W[:, :, None, None], B).relu(),
}


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad, torch.inference_mode])
def test_a_layer_is_seen_however_it_is_written(way: str, mode: type) -> None:
    with mode(), Watch({"layer": W}, [W, B]) as seen:
        WRITTEN[way]()
    assert seen.found["layer"] == pytest.approx(RELU)


def test_without_an_activation_there_is_a_size_alone() -> None:
    with Watch({"layer": W}, [W, B]) as seen:
        out = F.linear(X, W, B)
        torch.relu(out + out)  # a sum with something else is no longer the layer's
    assert seen.found["layer"] == pytest.approx(Activity(((1 + 9 + 9 + 9 + 25 + 1) / 6) ** 0.5, None, None))


def test_tanh_and_sigmoid_are_flat_at_their_ends() -> None:
    for squashed in (torch.tanh, torch.sigmoid):
        with Watch({"layer": W}, [W, B]) as seen:
            squashed(F.linear(10 * X, W, B))
        assert seen.found["layer"][1:] == (1.0, 1.0)


def test_nothing_is_changed_by_it_and_what_is_not_at_work_is_not_there() -> None:
    nets = [MLP([2, 8, 3], "tanh", generator(0, "a")), Ensemble(2, [2, 8, 3], generator(0, "b"))]
    for net in nets:
        weights = {name: each for name, each in net.named_parameters() if name.startswith("weights")}
        with torch.no_grad():
            alone: Tensor = net(X)
            with Watch({**weights, "other": W}, net.parameters()) as seen:
                watched = net(X)
        assert torch.equal(alone, watched)
        assert set(seen.found) == {"weights.0", "weights.1"}
        assert seen.found["weights.0"].flat is not None
        assert seen.found["weights.1"].size == pytest.approx(float(watched.square().mean().sqrt()))
