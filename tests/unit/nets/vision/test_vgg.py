"""VGG: the shape after every block, and the paper's two sizes."""

import torch
from torch import nn

from palestra.nets.summary import summarised
from palestra.nets.vision.vgg import vgg


def shapes(shape: tuple[int, int, int], **settings: object) -> list[tuple[int, ...]]:
    with torch.device("meta"):
        net = vgg(shape, 10, **settings)  # type: ignore[arg-type]
    return [row.output for row in summarised(net, shape)]


def test_the_shape_after_every_block_is_published() -> None:
    blocks = [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)]
    for convolutions in ((1, 1, 2, 2, 2), (2, 2, 3, 3, 3)):
        found = shapes((1, 224, 224), convolutions=convolutions)
        assert found == [*blocks, (25_088,), (4096,), (4096,), (10,)]


def test_the_small_stem_halves_four_times() -> None:
    assert [size for _, size, _ in shapes((1, 28, 28), stem="small")[:5]] == [28, 14, 7, 3, 1]
    assert [size for _, size, _ in shapes((3, 32, 32), stem="small")[:5]] == [32, 16, 8, 4, 2]


def test_weighted_layers_are_those_of_its_name() -> None:
    for convolutions, number in (((1, 1, 2, 2, 2), 11), ((2, 2, 3, 3, 3), 16)):
        with torch.device("meta"):
            net = vgg((1, 224, 224), 10, convolutions=convolutions)
        assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in net.modules()) == number
