"""Tiles are a picture, cut up."""

import pytest
import torch

from palestra.envs.arm.tiles import from_tiles, to_tiles


@pytest.mark.parametrize("size", [1, 12, 30, 84])
def test_tiles_are_the_picture(size: int) -> None:
    picture = torch.arange(2 * size * size).view(2, size, size)
    assert torch.equal(from_tiles(to_tiles(picture), size), picture)
