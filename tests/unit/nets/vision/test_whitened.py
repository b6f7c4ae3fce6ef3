"""The network for seconds: its shapes, what it begins as, and what of it learns."""

import torch
from torch import Generator, nn

from palestra.nets.summary import summarised
from palestra.nets.vision.registry import NETS, blueprint, make_net
from palestra.nets.vision.whitened import whitened
from palestra.nets.whitening import Whitening


def test_the_shape_after_every_block_is_published() -> None:
    assert NETS["whitened"].family is whitened
    rows = summarised(blueprint("whitened", (3, 32, 32), 10), (3, 32, 32))
    assert [row.output for row in rows] == [
        (24, 31, 31), (64, 15, 15), (256, 7, 7), (256, 3, 3), (256, 1, 1), (10,),
    ]  # fmt: skip


def test_convolutions_begin_as_what_they_are_given() -> None:
    net = make_net("whitened", (3, 32, 32), 10, Generator().manual_seed(0), channels=(32, 40, 40))
    x_BCHW = torch.randn(2, 24, 6, 6, generator=Generator().manual_seed(1))
    first, second = (layer for layer in net.block1 if isinstance(layer, nn.Conv2d))
    assert torch.equal(first(x_BCHW)[:, :24], x_BCHW)
    assert not torch.equal(first(x_BCHW)[:, 24:], x_BCHW[:, :8])
    assert torch.equal(second(first(x_BCHW)), first(x_BCHW))


def test_kernels_of_whitening_and_scales_do_not_learn() -> None:
    net = make_net("whitened", (3, 32, 32), 10, Generator().manual_seed(0), channels=(8, 8, 8))
    norms = [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == 6
    assert all(torch.equal(norm.weight, torch.ones(8)) and not norm.weight.requires_grad for norm in norms)
    assert all(norm.bias.requires_grad and norm.momentum == 0.4 for norm in norms)
    assert sum(isinstance(layer, Whitening) for layer in net.modules()) == 1


def test_outputs_are_scaled() -> None:
    one, nine = (
        make_net("whitened", (3, 32, 32), 10, Generator().manual_seed(0), channels=(8, 8, 8), scale=scale)
        for scale in (1.0, 1 / 9)
    )
    x_BCHW = torch.randn(4, 3, 32, 32, generator=Generator().manual_seed(1))
    for net in (one, nine):
        for layer in net.modules():
            if isinstance(layer, Whitening):
                layer.fit_(x_BCHW)
    torch.testing.assert_close(nine(x_BCHW), one(x_BCHW) / 9)
