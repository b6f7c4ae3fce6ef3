"""The hourglass: its layers, and that it is linear without hidden ones."""

import torch
from torch import nn

from palestra.nets.bottleneck import Bottleneck


def test_the_way_back_is_the_mirror_of_the_way_there() -> None:
    net = Bottleneck(20, (8, 5), 2)
    shapes = [tuple(layer.weight.shape) for layer in net.modules() if isinstance(layer, nn.Linear)]
    assert shapes == [(8, 20), (5, 8), (2, 5), (5, 2), (8, 5), (20, 8)]
    assert [type(layer).__name__ for layer in net.encoder] == ["Linear", "GELU", "Linear", "GELU", "Linear"]
    x = torch.randn(3, 20)
    assert net.encoder(x).shape == (3, 2)
    torch.testing.assert_close(net(x), net.decoder(net.encoder(x)))


def test_without_hidden_layers_it_is_linear() -> None:
    net, (one, other) = Bottleneck(6, (), 2), torch.randn(2, 4, 6)
    torch.testing.assert_close(net((one + other) / 2), (net(one) + net(other)) / 2)
