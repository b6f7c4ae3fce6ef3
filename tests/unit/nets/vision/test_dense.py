"""Dense networks: what they compute, by hand, and what dropout does where."""

import torch
from torch import Generator, nn

from palestra.nets.dropout import Dropout
from palestra.nets.vision.dense import dense
from palestra.nets.vision.registry import make_net

SHAPE = (1, 4, 4)


def test_without_hidden_layers_it_is_linear_in_the_pixels() -> None:
    net = make_net("softmax", SHAPE, 3, Generator().manual_seed(0))
    (weight, bias), x = net.parameters(), torch.randn(5, *SHAPE)
    torch.testing.assert_close(net(x), x.reshape(5, 16) @ weight.T + bias)


def test_hidden_layers_are_activated_and_the_last_is_not() -> None:
    net = make_net("mlp", SHAPE, 3, Generator().manual_seed(0), hidden=[6, 5], activation="tanh")
    h = torch.randn(5, *SHAPE)
    expected = h.reshape(5, 16)
    *hidden, last = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    for layer in hidden:
        expected = (expected @ layer.weight.T + layer.bias).tanh()
    assert [layer.out_features for layer in (*hidden, last)] == [6, 5, 3]
    torch.testing.assert_close(net(h), expected @ last.weight.T + last.bias)


def test_dropout_follows_every_hidden_layer() -> None:
    assert not [m for m in dense(SHAPE, 3, hidden=(6,)).modules() if isinstance(m, Dropout)]
    net = dense(SHAPE, 3, hidden=(6, 5), dropout=0.2)
    assert [m.rate for m in net.modules() if isinstance(m, Dropout)] == [0.2, 0.2]
    kinds = [type(m).__name__ for m in net.modules() if not isinstance(m, nn.Sequential)]
    assert kinds == ["Flatten", *["Linear", "ReLU", "Dropout"] * 2, "Linear"]
