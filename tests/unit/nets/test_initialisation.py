"""Initial weights: orthogonal matrices with their gain, PyTorch's default for linear layers, and whole networks."""

from typing import get_args

import pytest
import torch
from torch import Generator, nn

from palestra.nets.batch_norm import BatchNorm
from palestra.nets.initialisation import Scheme, initialise_, orthogonal_, realised, uniform_fan_in_
from palestra.nets.mlp import MLP


@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (64, 4), (2, 64)])
@pytest.mark.parametrize("gain", [0.01, 2.0**0.5])
def test_orthogonal_weights_have_every_singular_value_equal_to_the_gain(rows: int, columns: int, gain: float) -> None:
    weight = orthogonal_(torch.empty(rows, columns), gain, torch.Generator().manual_seed(0))
    singular = torch.linalg.svdvals(weight)
    torch.testing.assert_close(singular, torch.full_like(singular, gain), rtol=1e-5, atol=1e-7)


def test_a_policy_network_is_orthogonal_with_zero_biases_and_a_small_last_layer() -> None:
    net = MLP([4, 64, 64, 2], "tanh", torch.Generator().manual_seed(0), output_gain=0.01)
    gains = [float(torch.linalg.svdvals(w.detach())[0]) for w in net.weights]
    assert gains == pytest.approx([2**0.5, 2**0.5, 0.01], rel=1e-5)
    assert all(bool((b == 0).all()) for b in net.biases)


def test_the_default_is_that_of_torch_linear() -> None:
    # The bound of nn.Linear is 1 / sqrt(in); a sample this large comes within a thousandth of it, and is uniform:
    # its variance is bound^2 / 3 within four standard errors (sqrt(4/5 / n) of it).
    weight, bias = torch.empty(500, 100), torch.empty(500)
    uniform_fan_in_(weight, bias, torch.Generator().manual_seed(0))
    theirs = torch.nn.Linear(100, 500)
    for ours, reference in ((weight, theirs.weight), (bias, theirs.bias)):
        assert float(ours.abs().max()) <= 0.1
        assert float(ours.abs().max()) == pytest.approx(float(reference.detach().abs().max()), rel=0.02)
    assert float(weight.var()) == pytest.approx(0.01 / 3, rel=4 * (0.8 / 50_000) ** 0.5)


def layers() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(20, 50, 3), nn.BatchNorm2d(50), nn.Linear(300, 200), nn.LayerNorm(200), BatchNorm(200),
        nn.Embedding(100, 200), nn.Linear(10, 5, bias=False),
    )  # fmt: skip


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_a_network_is_drawn_by_its_scheme(scheme: Scheme) -> None:
    net = realised(layers, scheme, Generator().manual_seed(0))
    # Fan-in and fan-out are 20 * 9 and 50 * 9 of the convolution, 300 and 200 of the linear layer.
    expected = {"kaiming": 2.0, "fan-in": 1 / 3, "dirac": 1 / 3}
    for layer, fan_in, fan_out in ((net[0], 180, 450), (net[2], 300, 200)):
        variance = {"xavier": 2 / (fan_in + fan_out), "gpt": 4e-4}.get(scheme, expected.get(scheme, 0.0) / fan_in)
        # The first 20 of the convolution's outputs are its inputs, where that is the scheme.
        drawn = layer.weight.detach()[20 if scheme == "dirac" and layer is net[0] else 0 :]
        assert float(drawn.var()) == pytest.approx(variance, rel=0.05)
        assert bool(layer.bias.any()) == (scheme == "fan-in")
    if scheme == "dirac":
        assert torch.equal(net[0].weight.detach()[:20, :, 1, 1], torch.eye(20))
        assert int(net[0].weight.detach()[:20].count_nonzero()) == 20
    assert float(net[5].weight.detach().std()) == pytest.approx(0.02 if scheme == "gpt" else 1.0, rel=0.05)
    x = torch.randn(7, 200)
    assert torch.equal(net[3](x), nn.LayerNorm(200)(x))
    for mine, fresh in ((net[1], nn.BatchNorm2d(50)), (net[4], BatchNorm(200))):
        assert all(torch.equal(mine.state_dict()[name], value) for name, value in fresh.state_dict().items())


def test_numbers_keep_their_size_through_many_layers() -> None:
    """What the schemes are for: after 30 layers with ReLU numbers are what they were, or as good as nothing."""
    x = torch.randn(64, 256, generator=Generator().manual_seed(1))
    sizes = {}
    for scheme in ("kaiming", "xavier", "fan-in"):
        net = nn.Sequential(*(layer for _ in range(30) for layer in (nn.Linear(256, 256), nn.ReLU())))
        initialise_(net, scheme, Generator().manual_seed(0))  # type: ignore[arg-type]
        sizes[scheme] = float(net(x).detach().square().mean())
    assert 0.1 < sizes["kaiming"] < 10
    assert 0.1 < sizes["xavier"] * 2**30 < 10  # ReLU takes half of the variance in each layer
    assert sizes["fan-in"] < 0.01  # five sixths of it; the biases of the last layers are left


def test_the_seed_is_all_that_counts() -> None:
    before = torch.random.get_rng_state()
    one, two = (realised(layers, "kaiming", Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    drawn_again = layers()  # from the global generator, for the moment
    initialise_(drawn_again, "kaiming", Generator().manual_seed(0))
    for p, q, r in zip(one.parameters(), two.parameters(), drawn_again.parameters(), strict=True):
        assert torch.equal(p, q)
        assert torch.equal(p, r)


def test_what_would_be_drawn_wrongly_is_refused() -> None:
    with pytest.raises(TypeError, match=r"1 is a Bilinear; expected a layer that initialise_ knows"):
        initialise_(nn.Sequential(nn.ReLU(), nn.Bilinear(2, 2, 2)), "xavier", Generator())

    def tied() -> nn.Sequential:
        net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        net[1].weight = net[0].weight
        return net

    with pytest.raises(ValueError, match="tie them once the network is realised"):
        realised(tied, "xavier", Generator())
