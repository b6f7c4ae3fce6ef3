"""Noisy layers against the paper's equations: the noise, its reach, its initial size, and its absence."""

import pytest
import torch
from torch.nn import functional as F

from palestra.nets.noisy import NoisyLinear, NoisyMLP, factorised_noise


def test_the_noise_is_the_signed_root_of_a_normal_number() -> None:
    noise = factorised_noise(200, 1_000, torch.Generator().manual_seed(0)).flatten().double()
    back = noise.sign() * noise.square()  # f inverted: standard normal numbers again
    again = torch.randn(200, 1_000, generator=torch.Generator().manual_seed(0)).flatten().double()
    torch.testing.assert_close(back, again, rtol=1e-5, atol=1e-6)
    n = noise.numel()
    # E[f] = 0, E[f^2] = E|e| = sqrt(2/pi), E[f^4] = 1, so Var[f^2] = 1 - 2/pi: four standard errors.
    assert abs(float(noise.mean())) < 4 * (0.8 / n) ** 0.5
    assert abs(float(noise.square().mean()) - (2 / torch.pi) ** 0.5) < 4 * ((1 - 2 / torch.pi) / n) ** 0.5


def test_a_layer_is_the_papers_equation_with_the_noisy_matrix_written_out() -> None:
    rng = torch.Generator().manual_seed(1)
    layer = NoisyLinear(4, 3, rng, sigma=0.5)
    layer.weight_sigma.data.normal_(generator=rng)
    layer.bias_sigma.data.normal_(generator=rng)
    x, noise_in, noise_out = (torch.randn(6, n, generator=rng) for n in (4, 4, 3))
    for row in range(6):
        weight = layer.weight + layer.weight_sigma * torch.outer(noise_out[row], noise_in[row])
        bias = layer.bias + layer.bias_sigma * noise_out[row]
        alone = F.linear(x, weight, bias)  # one draw for all samples
        torch.testing.assert_close(layer(x, (noise_in[row : row + 1], noise_out[row : row + 1])), alone)
        each = layer(x, (noise_in, noise_out))  # a draw for each
        torch.testing.assert_close(each[row], alone[row])
    torch.testing.assert_close(layer(x, None), F.linear(x, layer.weight, layer.bias))


def test_it_begins_as_the_paper_says() -> None:
    layer = NoisyLinear(400, 300, torch.Generator().manual_seed(0), sigma=0.5)
    for sigma in (layer.weight_sigma, layer.bias_sigma):
        assert bool((sigma == 0.5 / 20).all())
    for mean in (layer.weight, layer.bias):  # U(-1/20, 1/20)
        assert 0.049 < float(mean.detach().abs().max()) <= 0.05
    assert float(layer.weight.detach().std()) == pytest.approx(0.1 / 12**0.5, rel=0.01)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_several_layers_take_their_parts_of_the_noise(activation: str) -> None:
    rng = torch.Generator().manual_seed(2)
    net = NoisyMLP([4, 6, 2], activation, rng, sigma=0.5)
    assert net.num_noise == 4 + 6 + 6 + 2
    x, noise = torch.randn(5, 4, generator=rng), factorised_noise(1, 18, rng)
    first, second = net.layers
    hidden = first(x, (noise[:, :4], noise[:, 4:10]))
    hidden = torch.tanh(hidden) if activation == "tanh" else torch.relu(hidden)
    torch.testing.assert_close(net(x, noise), second(hidden, (noise[:, 10:16], noise[:, 16:])))
    assert not torch.equal(net(x, noise), net(x))
    assert torch.equal(net(x), net(x))


def test_the_noise_of_a_pass_has_gradients_for_its_size() -> None:
    rng = torch.Generator().manual_seed(3)
    net = NoisyMLP([3, 2], "relu", rng, sigma=0.5)
    x = torch.randn(4, 3, generator=rng)
    for noise, moved in ((factorised_noise(1, 5, rng), True), (None, False)):
        found = torch.autograd.grad(net(x, noise).sum(), list(net.parameters()), allow_unused=True)
        by_name = dict(zip((name for name, _ in net.named_parameters()), found, strict=True))
        assert (by_name["layers.0.weight_sigma"] is not None) == moved
        assert by_name["layers.0.weight"] is not None
