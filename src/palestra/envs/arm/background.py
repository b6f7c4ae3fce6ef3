"""What lies behind all else in the twin's pictures: the table's top and the floor, which stand still in an episode."""

import torch
from torch import Tensor

from palestra.envs.arm.scene import Cameras, Lights
from palestra.envs.arm.tiles import tiles

FLOOR_HEIGHT, FLOOR_GREY = -0.65, (195.8, 255.0)
"""The floor's squares of one metre and their two greys."""
TABLE_LOW, TABLE_HIGH, TABLE_HEIGHT = (-0.25, -0.5), (1.25, 0.5), -0.025
TABLE_GREY = ((204.1, -11.6, -40.3), (38.4, -18.1, 0.0), (-29.0, 0.0, 0.0))
"""The table's texture without its grain: entry [i][j] belongs to u^i v^j, with u along x and v along y from 0 to 1."""


def background(
    cameras: Cameras,
    light: Lights,
    table_B: Tensor,
    floor_B: Tensor,
    size: int,
    wave_B3: Tensor | None = None,
    stripes_B: Tensor | None = None,
) -> Tensor:
    """Tiles (B, T, P) float32 grey, 0 to 255, of the table's top and the floor.

    ``table_B`` and ``floor_B`` are factors on their greys; ``stripes_B`` the height of stripes over both, and
    ``wave_B3`` their wave vector along x and y (radians per metre) and phase.
    """
    cut = tiles(size, cameras.eye_B3.device)
    x_TP, y_TP = (cut.first_T2[:, :, None] + cut.basis_4P[:2]).unbind(1)
    half_B1 = cameras.half_B().unsqueeze(1)
    right, up, back = cameras.axes_B33.unbind(2)
    ray_B3 = torch.stack((half_B1 * right, half_B1 * up, -back), 2).unbind(
        1
    )  # of x, y and 1, for each axis of the world

    def along(coefficient_B3: Tensor) -> Tensor:
        x, y, one = (_each(number) for number in coefficient_B3.unbind(1))
        return (x * x_TP).add_(one).add_(y * y_TP)

    # Where rays meet the table's plane, in units of the table: a map of the picture by a fraction.
    eye_x, eye_y, eye_z = cameras.eye_B3.unbind(1)
    drop_B = TABLE_HEIGHT - eye_z
    (left, front), (width, depth) = TABLE_LOW, (TABLE_HIGH[i] - TABLE_LOW[i] for i in range(2))
    shorter = along(ray_B3[2]).clamp_(max=-1e-6).reciprocal_()
    u = along(ray_B3[0] * (drop_B / width).unsqueeze(1)).mul_(shorter).add_(_each((eye_x - left) / width))
    v = along(ray_B3[1] * (drop_B / depth).unsqueeze(1)).mul_(shorter).add_(_each((eye_y - front) / depth))
    inside = torch.minimum(u * (1 - u), v * (1 - v))
    (c00, c01, c02), (c10, c11, _), (c20, _, _) = TABLE_GREY
    table = (v * c02).add_(c01).mul_(v).add_(c00)
    table.add_((u * c20).add_(v, alpha=c11).add_(c10).mul_(u)).mul_(_each(table_B))
    # The floor lies on the same rays, farther by a factor.
    farther_B = (FLOOR_HEIGHT - eye_z) / drop_B
    x = (u * _each(farther_B * width)).add_(_each(eye_x + farther_B * (left - eye_x))).floor_()
    y = (v * _each(farther_B * depth)).add_(_each(eye_y + farther_B * (front - eye_y))).floor_()
    odd = x.add_(y).mul_(0.5).frac_().abs_().mul_(2 * (FLOOR_GREY[0] - FLOOR_GREY[1]))
    grey = torch.where(inside >= 0, table, odd.add_(FLOOR_GREY[1]).mul_(_each(floor_B)))
    if wave_B3 is not None and stripes_B is not None:
        turns = (u * _each(wave_B3[:, 0] * width)).add_(v * _each(wave_B3[:, 1] * depth)).add_(_each(wave_B3[:, 2]))
        turns.mul_(0.5 / torch.pi).sub_(turns.round()).abs_().mul_(4).sub_(1)  # a sine's peaks, by straight lines
        grey.add_(turns.mul_(_each(stripes_B)))
    upward = light.direction_B3[:, 2]  # the normal points upwards, so r_z = n l
    lit = light.diffuse_B * upward.clamp_min(0) + light.specular_B * upward.clamp_min(0).square()
    return grey.mul_(_each(light.ambient_B + torch.minimum(lit, 1 - light.ambient_B)))


def _each(values_B: Tensor) -> Tensor:
    """(B, 1, 1): one number a picture, for all its pixels."""
    return values_B[:, None, None]
