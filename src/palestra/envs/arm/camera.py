"""A pinhole camera: where it stands, what it sees, and the ray of each of its pixels.

The matrices are those of PyBullet's ``computeViewMatrixFromYawPitchRoll`` and ``computeProjectionMatrixFOV`` for a
square picture, so that both worlds are photographed by the same camera. The functions take batches, one camera a row;
:class:`Camera` is one camera with its pose fixed.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from palestra.errors import require


@dataclass(frozen=True)
class Camera:
    """One camera. Distances in metres, angles in degrees, as PyBullet counts them.

    With yaw 0 and pitch 0 it looks along +y with z upwards; yaw turns it about z, a negative pitch lifts it above its
    target, from where it looks down.
    """

    target: tuple[float, float, float]
    """The point (x, y, z) in the middle of the picture."""
    distance: float
    """From the eye to the target."""
    yaw: float
    """Turn about the vertical axis."""
    pitch: float
    """Turn about the picture's horizontal axis."""
    fov: float = 60.0
    """Opening angle, the same in both directions since the picture is square."""
    near: float = 0.1
    """Nearer than this nothing is drawn."""
    far: float = 100.0
    """Farther than this nothing is drawn."""
    size: int = 84
    """Rows and columns of the picture."""

    def __post_init__(self) -> None:
        require(self.size >= 1, f"a picture of size={self.size}", "at least 1 pixel")
        require(self.distance > 0, f"a camera at distance={self.distance}", "a positive distance to its target")
        require(0 < self.fov < 180, f"a camera with fov={self.fov}", "an angle between 0 and 180 degrees")
        require(0 < self.near < self.far, f"near={self.near}, far={self.far}", "0 < near < far")

    def with_size(self, size: int) -> "Camera":
        """The same camera with another number of pixels."""
        return replace(self, size=size)

    def view_matrix(self) -> Tensor:
        """(4, 4) float64, row-major: from world coordinates to the camera's (x right, y up, z towards the viewer)."""
        eye_3, axes_33 = self.pose()
        view = torch.eye(4, dtype=torch.float64)
        view[:3, :3] = axes_33.T
        view[:3, 3] = -axes_33.T @ eye_3
        return view

    def projection_matrix(self) -> Tensor:
        """(4, 4) float64, row-major: OpenGL's perspective for a square picture."""
        scale = 1.0 / math.tan(math.radians(self.fov) / 2)
        depth = self.near - self.far
        return torch.tensor(
            [
                [scale, 0.0, 0.0, 0.0],
                [0.0, scale, 0.0, 0.0],
                [0.0, 0.0, (self.near + self.far) / depth, 2 * self.near * self.far / depth],
                [0.0, 0.0, -1.0, 0.0],
            ],
            dtype=torch.float64,
        )

    def pose(self) -> tuple[Tensor, Tensor]:
        """The eye (3,) and the axes (3, 3) float64, whose columns point right, up and towards the viewer."""
        row = torch.tensor([[*self.target, self.distance, self.yaw, self.pitch]], dtype=torch.float64)
        eye_B3, axes_B33 = camera_pose(row[:, :3], row[:, 3], row[:, 4], row[:, 5])
        return eye_B3[0], axes_B33[0]

    def rays(self) -> tuple[Tensor, Tensor]:
        """The eye (3,) and each pixel's direction (size, size, 3) in the world, of length 1, float32; row 0 on top."""
        eye_3, axes_33 = self.pose()
        direction = pixel_rays(torch.tensor([self.fov], dtype=torch.float64), self.size)[0] @ axes_33.T
        return eye_3.float(), direction.float()


def camera_pose(target_B3: Tensor, distance_B: Tensor, yaw_B: Tensor, pitch_B: Tensor) -> tuple[Tensor, Tensor]:
    """Eyes (B, 3) and axes (B, 3, 3) of cameras; the columns of the axes point right, up and towards the viewer.

    Angles in degrees. The rotation is Rz(yaw) Rx(pitch), applied to a camera that looks along +y.
    """
    yaw, pitch = torch.deg2rad(yaw_B), torch.deg2rad(pitch_B)
    cy, sy, cp, sp = yaw.cos(), yaw.sin(), pitch.cos(), pitch.sin()
    right = torch.stack((cy, sy, torch.zeros_like(cy)), -1)
    up = torch.stack((sy * sp, -cy * sp, cp), -1)
    back = torch.stack((sy * cp, -cy * cp, -sp), -1)
    return target_B3 + distance_B[:, None] * back, torch.stack((right, up, back), -1)


def pixel_rays(fov_B: Tensor, size: int) -> Tensor:
    """Directions (B, size, size, 3), of length 1, through the pixels in the camera's own axes; row 0 on top.

    A ray goes through its pixel's lower left corner, since there PyBullet's software renderer looks.
    """
    half = torch.tan(torch.deg2rad(fov_B) / 2)
    at = torch.arange(size, dtype=fov_B.dtype, device=fov_B.device) * (2.0 / size) - 1.0
    x = (half[:, None] * at)[:, None, :].expand(-1, size, size)
    y = (half[:, None] * at.flip(0))[:, :, None].expand(-1, size, size)
    return torch.nn.functional.normalize(torch.stack((x, y, -torch.ones_like(x)), -1), dim=-1)


NOTES_CAMERA = Camera(target=(0.55, 0.0, 0.05), distance=0.7, yaw=90.0, pitch=-70.0, fov=60.0)
"""The camera of the course notes, above the table's far edge. They stretched a 960 x 720 aspect over a square."""
