"""A picture cut into square tiles, so that a shape is met only with the rays near its outline."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

TILE = 12
"""Rows and columns of a tile."""


class Tiles(NamedTuple):
    """How a picture of some size is cut into T tiles of P pixels, row after row.

    In the camera's axes a ray is (half x, half y, -1), with half the tangent of half of the opening angle. Tiles at the
    rim may reach beyond the picture.
    """

    edge: int
    """Tiles along an edge; T is its square."""
    first_T2: Tensor
    """The x and y of each tile's first ray, at its upper left."""
    basis_4P: Tensor
    """How much x and y of a tile's rays differ from those of the first; ones; the sum of the squares of both."""


@cache
def tiles(size: int, device: torch.device) -> Tiles:
    """The tiles of a picture.

    A ray goes through the lower left corner of its pixel, since there PyBullet's software renderer looks.
    """
    with torch.inference_mode(False):
        edge = -(-size // TILE)
        pixel, tile = torch.arange(TILE, device=device), torch.arange(edge, device=device) * TILE
        x, y = tile * (2.0 / size) - 1.0, 1.0 - (tile + 1) * (2.0 / size)
        step = pixel * (2.0 / size)
        dx, dy = step.repeat(TILE), -step.repeat_interleave(TILE)
        basis_4P = torch.stack((dx, dy, torch.ones_like(dx), dx.square() + dy.square()))
        return Tiles(edge, torch.stack((x.repeat(edge), y.repeat_interleave(edge)), 1), basis_4P)


def to_tiles(picture_BSS: Tensor) -> Tensor:
    """Pictures (B, size, size) as tiles (B, T, P); what a tile has beyond the picture is zero."""
    size = picture_BSS.shape[1]
    count = -(-size // TILE)
    padded = torch.nn.functional.pad(picture_BSS, (0, count * TILE - size) * 2)
    return padded.view(-1, count, TILE, count, TILE).transpose(2, 3).reshape(-1, count * count, TILE * TILE)


def from_tiles(tiles_BTP: Tensor, size: int) -> Tensor:
    """The inverse of :func:`to_tiles`."""
    count = -(-size // TILE)
    padded = tiles_BTP.view(-1, count, count, TILE, TILE).transpose(2, 3).reshape(-1, count * TILE, count * TILE)
    return padded[:, :size, :size]
