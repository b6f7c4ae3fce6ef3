"""The table and the floor: each as bright as it is told, and the one in front of the other."""

import torch

from palestra.envs.arm.background import background
from palestra.envs.arm.camera import NOTES_CAMERA
from palestra.envs.arm.scene import Cameras, Lights
from palestra.envs.arm.tiles import from_tiles


def drawn(table: float, floor: float) -> torch.Tensor:
    eye, axes = (each.float()[None] for each in NOTES_CAMERA.pose())
    light = Lights(torch.tensor([[0.0, 0.0, 1.0]]), *(torch.tensor([share]) for share in (0.6, 0.35, 0.05)))
    tiles = background(
        Cameras(eye, axes, torch.tensor([NOTES_CAMERA.fov])), light, torch.tensor([table]), torch.tensor([floor]), 84
    )
    return from_tiles(tiles, 84)[0]


def test_each_is_as_bright_as_told_and_every_pixel_is_one_of_them() -> None:
    plain, table, floor = drawn(1.0, 1.0), drawn(0.5, 1.0), drawn(1.0, 0.5)
    on_table, on_floor = table < 0.9 * plain, floor < 0.9 * plain
    assert (on_table ^ on_floor).all()
    assert on_table[42, 42]
    assert on_floor.any()
    torch.testing.assert_close(table[on_table], plain[on_table] / 2)
    torch.testing.assert_close(floor[on_floor], plain[on_floor] / 2)
