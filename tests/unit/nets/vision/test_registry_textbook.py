"""The textbook's networks compute what they compute written down as one long function each."""

from typing import Any

import pytest
import torch
from functional_nets import FUNCTIONS, Reader
from torch import Generator

from palestra.nets.dropout import Dropout
from palestra.nets.vision.registry import make_net

SIZES: dict[str, tuple[int, dict[str, Any]]] = {
    "lenet": (28, {}),
    "bn-lenet": (28, {}),
    "alexnet": (96, {"hidden": 32}),
    "vgg-11": (32, {"hidden": 32, "channels": (4, 8, 16, 16, 16)}),
    "nin": (96, {}),
    "googlenet": (64, {}),
    "resnet-18-d2l": (64, {"channels": (8, 16, 24, 32)}),
    "densenet-d2l": (64, {}),
}
"""Pixels a side, and what is narrower than it is in the textbook, to be quick."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_computes_what_the_textbook_says(name: str) -> None:
    size, settings = SIZES[name]
    net = make_net(name, (1, size, size), 10, Generator().manual_seed(0), **settings).double()
    draw = Generator().manual_seed(1)
    for p in net.parameters():
        if p.dim() == 1:  # biases and normalisations: neither zeros nor ones
            p.data += 0.1 * torch.randn(p.shape, generator=draw)
    for layer in net.modules():
        if isinstance(layer, Dropout):
            layer.rate = 0.0
    image_BCHW = torch.rand(3, 1, size, size, generator=draw, dtype=torch.float64)
    reader = Reader(net.parameters())
    with torch.no_grad():
        expected_BK = FUNCTIONS[name](reader, image_BCHW)
        torch.testing.assert_close(net(image_BCHW), expected_BK, rtol=1e-9, atol=1e-9)
    assert reader.left == []
    assert float(expected_BK.std(0).max()) > 1e-4  # of different images
