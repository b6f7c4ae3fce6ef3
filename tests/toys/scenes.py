"""Scenes for the ray caster, of shapes of every kind."""

import torch
from torch import Tensor

from palestra.envs.arm.scene import Cameras, Lights, Scene


def random_scene(num: int, size: int) -> tuple[Cameras, Lights, Scene]:
    """Capsules and solids of every kind, at random before random cameras."""
    generator = torch.Generator().manual_seed(size)

    def uniform(*shape: int, low: float = -1.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=generator)

    turns = torch.linalg.qr(torch.randn(num, 4, 3, 3, generator=generator))[0]
    eye = torch.nn.functional.normalize(uniform(num, 3), dim=1) * uniform(num, 1, low=0.8, high=1.2)
    back = torch.nn.functional.normalize(eye, dim=1)
    right = torch.nn.functional.normalize(torch.linalg.cross(torch.randn(num, 3, generator=generator), back), dim=1)
    cameras = Cameras(
        eye, torch.stack((right, torch.linalg.cross(back, right), back), 2), uniform(num, low=40, high=80)
    )
    light = Lights(torch.nn.functional.normalize(uniform(num, 3), dim=1), torch.full((num,), 0.5),
                  torch.full((num,), 0.4), torch.full((num,), 0.1))  # fmt: skip
    weight = torch.tensor([[0.0, 0, 0], [1, 1, 0], [1, 1, 1], [0, 1, 1]])
    scene = Scene(
        ends_BK23=0.35 * uniform(num, 3, 2, 3), radius_K=torch.tensor([0.03, 0.08, 0.15]),
        grey_BK=uniform(num, 3, low=60, high=250), centre_BS3=0.3 * uniform(num, 4, 3), axes_BS33=turns,
        half_BS3=uniform(num, 4, 3, low=0.05, high=0.2), weight_BS3=weight.expand(num, 4, 3),
        solid_grey_BS=uniform(num, 4, low=60, high=250),
    )  # fmt: skip
    return cameras, light, scene
