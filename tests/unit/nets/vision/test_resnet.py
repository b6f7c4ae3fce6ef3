"""ResNet: the shape after every stage, and equation 1."""

import torch
from torch import nn

from palestra.nets.summary import summarised
from palestra.nets.vision.resnet import Residual, resnet


def shapes(shape: tuple[int, int, int], **settings: object) -> list[tuple[int, ...]]:
    with torch.device("meta"):
        net = resnet(shape, 10, **settings)  # type: ignore[arg-type]
    return [row.output for row in summarised(net, shape)]


def test_the_shape_after_every_stage_is_published() -> None:
    # He et al. 2016, table 1.
    found = [(64, 56, 56), (64, 56, 56), (128, 28, 28), (256, 14, 14), (512, 7, 7), (10,)]
    assert shapes((3, 224, 224)) == shapes((3, 224, 224), form="d2l") == found
    deep = shapes((3, 224, 224), blocks=(3, 4, 6, 3), bottleneck=True)
    assert deep == [(64, 56, 56), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7), (10,)]
    # Section 4.2: 32, 16, 8 rows and columns of 16, 32, 64 channels.
    cifar = shapes((3, 32, 32), stem="small", blocks=(3, 3, 3), channels=(16, 32, 64))
    assert cifar == [(16, 32, 32), (16, 32, 32), (32, 16, 16), (64, 8, 8), (10,)]
    assert [size for _, size, _ in shapes((1, 28, 28), stem="small")[:5]] == [28, 28, 14, 7, 4]


def test_a_block_adds_to_what_it_was_given() -> None:
    x_BCHW = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    convolution = nn.Conv2d(3, 3, 1)
    with torch.no_grad():
        expected = (convolution(x_BCHW) + x_BCHW).relu()
        torch.testing.assert_close(Residual(convolution, nn.Identity())(x_BCHW), expected)
        nn.init.zeros_(convolution.weight)
        nn.init.zeros_(convolution.bias)
        # A branch of zeros leaves the identity: what is deeper can be no worse than what is not.
        assert torch.equal(Residual(convolution, nn.Identity())(x_BCHW), x_BCHW.relu())


def test_the_forms_differ_by_biases_and_by_the_way_past() -> None:
    with torch.device("meta"):
        paper, textbook = resnet((1, 96, 96), 10), resnet((1, 96, 96), 10, form="d2l")
    biased = [[m.bias is not None for m in net.modules() if isinstance(m, nn.Conv2d)] for net in (paper, textbook)]
    assert not any(biased[0])
    assert all(biased[1])
    assert len(biased[0]) == len(biased[1]) == 20
    assert isinstance(textbook.stage2[0].past, nn.Conv2d)
    assert [type(layer) for layer in paper.stage2[0].past] == [nn.Conv2d, nn.BatchNorm2d]
