"""The parts that families share: names, shapes, two ways in, one way out."""

import pytest
import torch
from torch import nn

from palestra.nets.vision.blocks import named, pooled_head, shape_after, stem_blocks


def test_blocks_stand_under_their_names_in_order() -> None:
    net = named(second=nn.ReLU(), first=nn.Flatten())
    assert [name for name, _ in net.named_children()] == ["second", "first"]


@pytest.mark.parametrize(("stem", "size"), [("large", 24), ("small", 96)])
def test_a_large_stem_leaves_a_quarter_and_a_small_one_all(stem: str, size: int) -> None:
    with torch.device("meta"):
        for norm in (False, True):
            blocks = stem_blocks(1, 64, stem, norm=norm, bias=not norm)  # type: ignore[arg-type]
            assert shape_after(nn.Sequential(*blocks), (1, 96, 96)) == (64, size, size)
            assert any(isinstance(layer, nn.BatchNorm2d) for layer in blocks) == norm
            assert (blocks[0].bias is None) == norm  # type: ignore[comparison-overlap]


def test_the_head_is_linear_in_the_mean_over_all_pixels() -> None:
    head = pooled_head(3, 2)
    image_BCHW = torch.rand(2, 3, 5, 4)
    torch.testing.assert_close(head(image_BCHW), image_BCHW.mean((2, 3)) @ head[-1].weight.T + head[-1].bias)
