"""The MLP with layer normalisation against its definition, written out."""

import torch

from palestra.nets.adam import ClippedAdam
from palestra.nets.normed_mlp import NormedMLP


def make(*sizes: int, seed: int = 0) -> NormedMLP:
    net = NormedMLP(sizes, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for p in net.parameters():  # gains of one and biases of zero would hide that one is missing
            p.add_(torch.linspace(-0.2, 0.3, p.numel()).view_as(p))
    return net


def test_it_is_linear_then_normalised_then_relu() -> None:
    net, x = make(3, 5, 4, 2), torch.randn(7, 3, generator=torch.Generator().manual_seed(1))
    out = x
    for layer, norm in zip(net.layers, net.norms, strict=True):
        out = out @ layer.weight.T + layer.bias
        mean, variance = out.mean(1, keepdim=True), out.var(1, correction=0, keepdim=True)
        out = ((out - mean) / (variance + 1e-5).sqrt() * norm.weight + norm.bias).clamp(min=0)
    torch.testing.assert_close(net(x), out @ net.last.weight.T + net.last.bias)


def test_without_hidden_layers_it_is_linear() -> None:
    net, x = make(3, 2), torch.linspace(-1, 2, 12).view(4, 3)
    torch.testing.assert_close(net(x), x @ net.last.weight.T + net.last.bias)


def test_its_weights_come_from_the_generator_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = make(3, 5, 2), make(3, 5, 2), make(3, 5, 2, seed=1)
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.layers[0].weight, other.layers[0].weight)


def test_what_it_records_is_learned_from() -> None:
    net, x = make(3, 5, 2), torch.randn(6, 3, generator=torch.Generator().manual_seed(2))
    optimizer = ClippedAdam([net], 1e-2)
    losses = []
    for _ in range(30):
        out = net.record(x)
        loss = (out - x[:, :2]).square().mean()
        losses.append(float(loss.detach()))
        optimizer.descend(loss)
    assert losses[-1] < 0.5 * losses[0]
