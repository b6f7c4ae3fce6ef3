"""What the ray caster is told of its cameras."""

import math

import torch

from palestra.envs.arm.scene import Cameras


def test_half_an_opening_angle() -> None:
    cameras = Cameras(torch.zeros(2, 3), torch.eye(3).expand(2, 3, 3), torch.tensor([90.0, 60.0]))
    torch.testing.assert_close(cameras.half_B(), torch.tensor([1.0, 1 / math.sqrt(3)]))
