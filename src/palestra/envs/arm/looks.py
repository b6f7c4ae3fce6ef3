"""Domain randomisation as data: how much the look of the arm's world may vary between episodes, in named levels.

Both worlds draw a row of numbers, a *look*, at the start of every episode. The twin uses all of it. PyBullet's world
has objects of its own and cannot change textures, so it uses camera, light, brightness, noise, blur and latency.

A level changes what is seen and, by latency, when an action takes effect; never what is rewarded.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from palestra.envs.arm.camera import Camera
from palestra.errors import require, unknown_name

LIGHT = (-50.0, 30.0, 100.0)
"""Direction to the light of PyBullet's software renderer, if it is told of no other."""
MAX_LATENCY = 2
"""Steps by which an action may be late."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Looks:
    """What may vary, each number drawn uniformly. The defaults are PyBullet's look as it is."""

    place: float = 0.0
    """The camera's target moves by up to this along each axis (m)."""
    distance: float = 0.0
    """The camera's distance changes by up to this share."""
    angle: float = 0.0
    """The camera's yaw and pitch change by up to this (degrees)."""
    fov: float = 0.0
    """The camera's opening angle changes by up to this (degrees)."""
    light: float = 0.0
    """Each coordinate of the direction to the light, a unit vector, changes by up to this."""
    ambient: Range = (0.6, 0.6)
    """Light that every surface has; 1 shows its own colour."""
    diffuse: Range = (0.35, 0.35)
    """Light that a surface has besides where it faces the light."""
    specular: Range = (0.05, 0.05)
    """Light that it reflects."""
    table: Range = (1.0, 1.0)
    """Factor on the brightness of the table."""
    floor: Range = (1.0, 1.0)
    """Factor on the brightness of the floor."""
    arm: Range = (1.0, 1.0)
    """Factor on the brightness of each link of the arm."""
    grain: Range = (3.0, 3.0)
    """Deviation of the table's grain (grey levels of 255), which stands still in an episode. Twin only."""
    stripes: float = 0.0
    """Height of stripes over table and floor, up to this (grey levels). Twin only."""
    thing: Range = (12.0, 238.0)
    """Grey of the object (of 255). Twin only."""
    size: Range = (1.0, 1.0)
    """Factor on the object's size. Twin only."""
    noise: Range = (0.0, 0.0)
    """Deviation of each pixel (grey levels), new in every picture."""
    blur: Range = (0.0, 0.0)
    """Share of its light that a pixel gives to each of its four neighbours."""
    latency: int = 0
    """Steps by which actions are late, up to this, the same throughout an episode."""

    def __post_init__(self) -> None:
        require(0 <= self.latency <= MAX_LATENCY, f"latency={self.latency}", f"steps from 0 to {MAX_LATENCY}")
        for name, value in vars(self).items():
            if isinstance(value, tuple):
                require(0 <= value[0] <= value[1], f"{name}={value}", "a range (low, high) with 0 <= low <= high")
            else:
                require(value >= 0, f"{name}={value}", "at least 0")
        require(self.blur[1] <= 0.2, f"blur={self.blur}", "a share of at most 0.2, so that a pixel keeps some light")


LEVELS = {
    "none": Looks(),
    "low": Looks(
        place=0.01,
        distance=0.02,
        angle=1.0,
        fov=0.5,
        light=0.2,
        ambient=(0.55, 0.65),
        diffuse=(0.3, 0.4),
        specular=(0.0, 0.1),
        table=(0.9, 1.05),
        floor=(0.9, 1.05),
        arm=(0.85, 1.2),
        grain=(2.0, 4.0),
        stripes=3.0,
        size=(0.9, 1.1),
        noise=(0.0, 2.0),
    ),
    "medium": Looks(
        place=0.03,
        distance=0.05,
        angle=3.0,
        fov=2.0,
        light=0.5,
        ambient=(0.5, 0.7),
        diffuse=(0.2, 0.5),
        specular=(0.0, 0.15),
        table=(0.75, 1.15),
        floor=(0.7, 1.15),
        arm=(0.65, 1.5),
        grain=(1.0, 6.0),
        stripes=10.0,
        size=(0.8, 1.25),
        noise=(0.0, 5.0),
    ),
    "high": Looks(
        place=0.06,
        distance=0.1,
        angle=6.0,
        fov=4.0,
        light=1.0,
        ambient=(0.4, 0.8),
        diffuse=(0.1, 0.6),
        specular=(0.0, 0.3),
        table=(0.5, 1.25),
        floor=(0.4, 1.25),
        arm=(0.4, 2.0),
        grain=(0.0, 10.0),
        stripes=25.0,
        thing=(5.0, 250.0),
        size=(0.7, 1.4),
        noise=(0.0, 12.0),
        blur=(0.0, 0.15),
        latency=1,
    ),
}
"""The named levels; every range of one lies within that of the next."""


class Look(NamedTuple):
    """One look of each of B copies."""

    target_B3: Tensor
    """The camera's, as in :class:`~palestra.envs.arm.camera.Camera`."""
    distance_B: Tensor
    yaw_B: Tensor
    pitch_B: Tensor
    fov_B: Tensor
    light_B3: Tensor
    """Unit vectors to the light."""
    ambient_B: Tensor
    diffuse_B: Tensor
    specular_B: Tensor
    table_B: Tensor
    floor_B: Tensor
    arm_B8: Tensor
    """A factor for the base and every link."""
    grain_B: Tensor
    wave_B3: Tensor
    """The stripes' wave vector along x and y (radians per metre) and their phase."""
    stripes_B: Tensor
    thing_B: Tensor
    size_B: Tensor
    noise_B: Tensor
    blur_B: Tensor
    latency_B: Tensor
    """Whole numbers of steps."""

    def camera(self, camera: Camera, copy: int = 0) -> Camera:
        """The camera of one copy; near, far and size are those of ``camera``."""
        x, y, z = self.target_B3[copy].tolist()
        distance, yaw, pitch, fov = (
            float(each[copy]) for each in (self.distance_B, self.yaw_B, self.pitch_B, self.fov_B)
        )
        return Camera((x, y, z), distance, yaw, pitch, fov, camera.near, camera.far, camera.size)


_WIDTHS = {"target_B3": 3, "light_B3": 3, "arm_B8": 8, "wave_B3": 3}
LOOK_SIZE = sum(_WIDTHS.get(name, 1) for name in Look._fields)


def level(name: str) -> Looks:
    """The level of that name. Raises UsageError for an unknown one."""
    if name not in LEVELS:
        raise unknown_name("level of randomisation", name, LEVELS)
    return LEVELS[name]


def draw(looks: Looks, camera: Camera, num: int, generator: Generator) -> Tensor:
    """Looks (num, LOOK_SIZE) float32 around a camera, on the generator's device; :func:`unpack` names the numbers.

    The generator is used to the same extent at every level.
    """
    return drawn(looks, camera, torch.rand(num, LOOK_SIZE, generator=generator, device=generator.device))


def drawn(looks: Looks, camera: Camera, uniform: Tensor) -> Tensor:
    """Looks (num, LOOK_SIZE) around a camera, of as many uniform numbers."""
    u = unpack(uniform)

    def within(values: Tensor, bounds: Range) -> Tensor:
        return bounds[0] + (bounds[1] - bounds[0]) * values

    def around(values: Tensor, middle: float | Tensor, reach: float) -> Tensor:
        return middle + reach * (2 * values - 1)

    to_light = torch.nn.functional.normalize(uniform.new_tensor(LIGHT), dim=0)
    light = around(u.light_B3, to_light, looks.light)
    light = torch.cat((light[:, :2], light[:, 2:].clamp_min(0.2)), 1)  # from above, whatever the level
    turn, wave = 2 * torch.pi * u.wave_B3[:, 0], within(u.wave_B3[:, 1], (5.0, 80.0))
    look = Look(
        target_B3=around(u.target_B3, uniform.new_tensor(camera.target), looks.place),
        distance_B=around(u.distance_B, camera.distance, looks.distance * camera.distance),
        yaw_B=around(u.yaw_B, camera.yaw, looks.angle),
        pitch_B=around(u.pitch_B, camera.pitch, looks.angle),
        fov_B=around(u.fov_B, camera.fov, looks.fov),
        light_B3=torch.nn.functional.normalize(light, dim=1),
        ambient_B=within(u.ambient_B, looks.ambient),
        diffuse_B=within(u.diffuse_B, looks.diffuse),
        specular_B=within(u.specular_B, looks.specular),
        table_B=within(u.table_B, looks.table),
        floor_B=within(u.floor_B, looks.floor),
        arm_B8=within(u.arm_B8, looks.arm),
        grain_B=within(u.grain_B, looks.grain),
        wave_B3=torch.stack((wave * turn.cos(), wave * turn.sin(), 2 * torch.pi * u.wave_B3[:, 2]), 1),
        stripes_B=within(u.stripes_B, (0.0, looks.stripes)),
        thing_B=within(u.thing_B, looks.thing),
        size_B=within(u.size_B, looks.size),
        noise_B=within(u.noise_B, looks.noise),
        blur_B=within(u.blur_B, looks.blur),
        latency_B=(u.latency_B * (looks.latency + 1)).floor().clamp_max(looks.latency),
    )
    return torch.cat([each if each.dim() == 2 else each.unsqueeze(1) for each in look], 1)


def columns(field: str) -> slice:
    """Which numbers of a row vary by a field of :class:`Looks`."""
    shown = {"place": "target_B3", "light": "light_B3", "arm": "arm_B8", "angle": "yaw_B"}.get(field, f"{field}_B")
    widths = [_WIDTHS.get(name, 1) for name in Look._fields]
    first = sum(widths[: Look._fields.index(shown)])
    return slice(first, first + (2 if field == "angle" else _WIDTHS.get(shown, 1)))  # yaw, and pitch beside it


def unpack(rows_BL: Tensor) -> Look:
    """The named numbers of looks (B, LOOK_SIZE)."""
    parts = rows_BL.split([_WIDTHS.get(name, 1) for name in Look._fields], 1)
    return Look(*(part if part.shape[1] > 1 else part.squeeze(1) for part in parts))
