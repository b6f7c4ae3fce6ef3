"""What stands before the twin's cameras: its lights, its cameras, and the shapes that they see. All in batches."""

from typing import NamedTuple

import torch
from torch import Tensor


class Lights(NamedTuple):
    """The light of each picture."""

    direction_B3: Tensor
    """Unit vectors from the scene to the light."""
    ambient_B: Tensor
    diffuse_B: Tensor
    specular_B: Tensor


class Cameras(NamedTuple):
    """The camera of each picture."""

    eye_B3: Tensor
    axes_B33: Tensor
    """The columns point right, up and towards the viewer."""
    fov_B: Tensor
    """Opening angle in degrees."""

    def half_B(self) -> Tensor:
        """(B,) tangent of half of the opening angle."""
        return (torch.deg2rad(self.fov_B) / 2).tan()


class Scene(NamedTuple):
    """What is in front of the background, in world coordinates (m)."""

    ends_BK23: Tensor
    """The ends of each capsule's segment."""
    radius_K: Tensor
    grey_BK: Tensor
    """Greys of the capsules, 0 to 255."""
    centre_BS3: Tensor
    """The middle of each solid."""
    axes_BS33: Tensor
    """Its axes, unit vectors, as columns."""
    half_BS3: Tensor
    """Half of its extent along each of them."""
    weight_BS3: Tensor
    """The weight of each axis in the quadric that cuts it."""
    solid_grey_BS: Tensor
    """Greys of the solids, 0 to 255."""
