"""The twin's random objects: three solids, a body with two bars across, of the sizes of PyBullet's random ones."""

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from palestra.envs.arm.task import TABLE_TOP, Plinth

PLINTH_GREY = 60.0
"""Of 255: both worlds paint a plinth alike."""
SOLIDS = 3
SHAPE_SIZE = SOLIDS * 9
"""Of each solid: turn about the vertical and about its own length (rad), place along the body (m), half extents (m),
weights of the quadric."""


class Placed(NamedTuple):
    """Solids where they lie, as :class:`~palestra.envs.arm.scene.Scene` has them."""

    centre_BS3: Tensor
    axes_BS33: Tensor
    half_BS3: Tensor
    weight_BS3: Tensor


def draw_shapes(size_B: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Random objects (B, SHAPE_SIZE), and the height of their middle above the table (B,).

    The ranges, times ``size_B``, are those of PyBullet's random objects, which cover 19 to 91 pixels in the notes'
    camera.
    """
    uniform = torch.rand(len(size_B), SOLIDS, 9, generator=generator, device=size_B.device)
    kind, turn, tilt, along, *extent = uniform.unbind(2)
    low = uniform.new_tensor([[0.033, 0.012, 0.012], [0.006, 0.020, 0.006], [0.006, 0.020, 0.006]])
    high = uniform.new_tensor([[0.058, 0.026, 0.022], [0.019, 0.055, 0.017], [0.019, 0.055, 0.017]])
    half = (low + (high - low) * torch.stack(extent[:3], 2)) * size_B[:, None, None]
    half[:, 2] *= torch.where(extent[3][:, 2:] < 0.6, 1.0, 0.1)  # two of five have one bar only
    body = 2 * torch.pi * turn[:, :1]
    turns = torch.cat((body, body + 0.7 * (turn[:, 1:] - 0.5)), 1)
    tilts = torch.cat((torch.zeros_like(body), 1.6 * (tilt[:, 1:] - 0.5)), 1)
    places = torch.cat((torch.zeros_like(body), half[:, :1, 0] * (2 * along[:, 1:] - 1)), 1)
    # A third each of cuboids, cylinders with their length along the first axis, and ellipsoids.
    kinds = uniform.new_tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])[(kind * 3).long().clamp_max(2)]
    shape = torch.cat((torch.stack((turns, tilts, places), 2), half, kinds), 2).flatten(1)
    return shape, half[:, 0, 2] + 0.024 * extent[4][:, 0]


def place_shapes(shape_BN: Tensor, at_B3: Tensor) -> Placed:
    """Objects (B, SHAPE_SIZE) with the middle of their bodies at these points."""
    turns, tilts, places, half, weight = shape_BN.view(len(shape_BN), SOLIDS, 9).split([1, 1, 1, 3, 3], 2)
    ct, st, ci, si = turns.cos(), turns.sin(), tilts.cos(), tilts.sin()
    axes = torch.stack((
        torch.cat((ct, st, torch.zeros_like(ct)), 2),
        torch.cat((-st * ci, ct * ci, si), 2),
        torch.cat((st * si, -ct * si, ci), 2),
    ), 3)  # fmt: skip
    return Placed(at_B3[:, None] + places * axes[:, :1, :, 0], axes, half, weight)


def place_puck(radius: float, height: float, at_B3: Tensor) -> Placed:
    """Upright cylinders with their middles at these points."""
    half = at_B3.new_tensor([radius, radius, height / 2]).expand(len(at_B3), 1, 3)
    weight = at_B3.new_tensor([1.0, 1.0, 0.0]).expand(len(at_B3), 1, 3)
    return _upright(half, weight, at_B3)


def place_blocks(half_B3: Tensor, shape_BN: Tensor, at_B3: Tensor) -> Placed:
    """Upright blocks of these half extents with their middles at these points: cuboids where the body of a random
    object would be one, else cylinders, which may be oval.
    """
    round_B1 = shape_BN[:, 8:9]  # the last weight of the body's quadric
    weight = torch.cat((round_B1, round_B1, torch.zeros_like(round_B1)), 1).unsqueeze(1)
    return _upright(half_B3.unsqueeze(1), weight, at_B3)


def place_plinth(plinth: Plinth, at_B2: Tensor) -> Placed:
    """The plinth on the table around these points."""
    half = at_B2.new_tensor([plinth.half, plinth.half, plinth.height / 2]).expand(len(at_B2), 1, 3)
    middle = torch.full_like(at_B2[:, :1], TABLE_TOP + plinth.height / 2)
    return _upright(half, torch.zeros_like(half), torch.cat((at_B2, middle), 1))


def _upright(half_B13: Tensor, weight_B13: Tensor, at_B3: Tensor) -> Placed:
    axes = torch.eye(3, device=at_B3.device).expand(len(at_B3), 1, 3, 3)
    return Placed(at_B3[:, None], axes, half_B13, weight_B13)
