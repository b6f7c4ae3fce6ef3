"""AlexNet: the shape after every block, in the textbook's form and in the paper's two."""

import torch

from palestra.nets.summary import summarised
from palestra.nets.vision.alexnet import alexnet


def shapes(shape: tuple[int, int, int], **settings: object) -> list[tuple[int, ...]]:
    with torch.device("meta"):
        net = alexnet(shape, 10, **settings)  # type: ignore[arg-type]
    return [row.output for row in summarised(net, shape)]


def test_the_shape_after_every_block_is_published() -> None:
    assert shapes((1, 224, 224)) == [
        (96, 54, 54), (96, 26, 26), (256, 26, 26), (256, 12, 12), (384, 12, 12), (384, 12, 12), (256, 12, 12),
        (256, 5, 5), (6400,), (4096,), (4096,), (10,),
    ]  # fmt: skip
    # Krizhevsky et al. 2012, figure 2: 55, 27, 13, and 6 after the last pooling.
    paper = shapes((3, 224, 224), padding=2, groups=2)
    assert [size for _, size, _ in paper[:8]] == [55, 27, 27, 13, 13, 13, 13, 6]
    assert shapes((3, 227, 227), padding=0, groups=2)[:8] == paper[:8]


def test_the_small_stem_looks_at_every_pixel() -> None:
    assert shapes((1, 28, 28), stem="small")[:9] == [
        (96, 28, 28), (96, 13, 13), (256, 13, 13), (256, 6, 6), (384, 6, 6), (384, 6, 6), (256, 6, 6), (256, 2, 2),
        (1024,),
    ]  # fmt: skip
