"""Network in network: the shape after every block, and what its last ReLU does."""

import torch
from torch import Generator

from palestra.nets.summary import summarised
from palestra.nets.vision.nin import nin, nin_cifar
from palestra.nets.vision.registry import make_net


def test_the_shape_after_every_block_is_published() -> None:
    with torch.device("meta"):
        net, small, cifar = nin((1, 224, 224), 10), nin((1, 28, 28), 10, stem="small"), nin_cifar((3, 32, 32), 10)
    assert [row.output for row in summarised(net, (1, 224, 224))] == [
        (96, 54, 54), (96, 26, 26), (256, 26, 26), (256, 12, 12), (384, 12, 12), (384, 5, 5), (384, 5, 5), (10, 5, 5),
        (10,),
    ]  # fmt: skip
    assert [row.output for row in summarised(small, (1, 28, 28))] == [
        (96, 28, 28), (96, 13, 13), (256, 13, 13), (256, 6, 6), (384, 6, 6), (384, 2, 2), (384, 2, 2), (10, 2, 2),
        (10,),
    ]  # fmt: skip
    assert [row.output for row in summarised(cifar, (3, 32, 32))] == [
        (96, 32, 32), (96, 16, 16), (96, 16, 16), (192, 16, 16), (192, 8, 8), (192, 8, 8), (10, 8, 8), (10,),
    ]  # fmt: skip


def test_no_output_is_below_zero() -> None:
    net = make_net("nin-cifar", (1, 28, 28), 10, Generator().manual_seed(0)).eval()
    out_BK = net(torch.randn(8, 1, 28, 28, generator=Generator().manual_seed(0)))
    assert (out_BK >= 0).all()
    assert (out_BK > 0).any()


def test_its_blocks_may_be_narrower() -> None:
    with torch.device("meta"):
        net = nin((1, 28, 28), 10, stem="small", channels=(8, 16, 24))
    assert [row.output[0] for row in summarised(net, (1, 28, 28))] == [8, 8, 16, 16, 24, 24, 24, 10, 10]


def test_without_the_last_relu_every_class_learns() -> None:
    image_BCHW = torch.randn(16, 1, 28, 28, generator=Generator().manual_seed(0))
    bent, straight = (
        make_net("nin", (1, 28, 28), 10, Generator().manual_seed(0), stem="small", channels=(4, 4, 4), bent=bent).eval()
        for bent in (True, False)
    )
    assert [p.shape for p in bent.parameters()] == [p.shape for p in straight.parameters()]
    every = torch.ones(10, dtype=torch.bool)
    for net, learns in ((bent, every.clone()), (straight, every)):
        with torch.no_grad():
            net.get_parameter("block4.4.bias").copy_(torch.where(torch.arange(10) == 3, -100.0, 100.0))
        learns[3] = net is straight
        (slope,) = torch.autograd.grad(net(image_BCHW).sum(), net.get_parameter("block4.4.bias"))
        assert torch.equal(slope != 0, learns)
    assert torch.equal(bent(image_BCHW), straight(image_BCHW).relu())
