"""GoogLeNet: the shape after every block, and the four paths of one."""

import pytest
import torch

from palestra.nets.summary import summarised
from palestra.nets.vision.googlenet import STAGES, Inception, Paths, googlenet


def shapes(shape: tuple[int, int, int], **settings: object) -> list[tuple[int, ...]]:
    with torch.device("meta"):
        net = googlenet(shape, 10, **settings)  # type: ignore[arg-type]
    return [row.output for row in summarised(net, shape)]


def test_the_shape_after_every_stage_is_published() -> None:
    # Szegedy et al. 2015, table 1; d2l at 96 pixels.
    paper = [(64, 56, 56), (192, 28, 28), (480, 14, 14), (832, 7, 7), (1024, 7, 7), (10,)]
    assert shapes((3, 224, 224)) == shapes((3, 224, 224), widest=3, norm=True) == paper
    assert [size for _, size, _ in shapes((1, 96, 96))[:5]] == [24, 12, 6, 3, 3]
    assert [size for _, size, _ in shapes((1, 28, 28), stem="small")[:5]] == [28, 14, 7, 4, 4]


def test_the_blocks_make_what_table_1_says() -> None:
    channels = [paths.channels for stage in STAGES.values() for paths in stage]
    assert channels == [256, 480, 512, 512, 512, 528, 832, 832, 1024]


def test_paths_stand_one_behind_the_other() -> None:
    block = Inception(2, Paths(1, (1, 2), (1, 3), 4), 5, norm=False)
    x_BCHW = torch.randn(2, 2, 6, 6, generator=torch.Generator().manual_seed(0))
    parts = block(x_BCHW).split([1, 2, 3, 4], 1)
    for part, path in zip(parts, (block.one, block.three, block.five, block.pool), strict=True):
        assert torch.equal(part, path(x_BCHW))


def test_it_may_be_narrower_everywhere() -> None:
    # An eighth of table 1: 64 and 192 to 8 and 24; 256 and 480 to 32 and 60; ...; 1024 to 128.
    assert [row[0] for row in shapes((1, 28, 28), stem="small", width=1 / 8)] == [8, 24, 60, 104, 128, 10]
    assert Paths(192, (96, 208), (16, 48), 64).narrowed(1 / 8) == Paths(24, (12, 26), (2, 6), 8)
    assert Paths(192, (96, 208), (16, 48), 64).narrowed(1 / 100) == Paths(2, (1, 2), (1, 1), 1)
    with pytest.raises(ValueError, match="width=0; expected above 0"):
        googlenet((1, 96, 96), 10, width=0)
