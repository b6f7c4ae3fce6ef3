"""From screens to what is seen of them: pictures made small, and several of them together."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.ops.area import area_resize


def small(screens: NDArray[np.uint8], size: int) -> Tensor:
    """Screens (E, H, W) or (E, H, W, 3) as pictures (E, C, size, size)."""
    given = torch.from_numpy(screens)
    planes = given[:, None] if given.dim() == 3 else given.permute(0, 3, 1, 2)
    pictures = area_resize(planes.flatten(0, 1).contiguous(), size, size)
    return pictures.view(*planes.shape[:2], size, size)


def pushed(obs: Tensor, pictures: Tensor) -> Tensor:
    """What is seen (E, K * C, H, W) with a picture (E, C, H, W) more, and without the oldest."""
    return torch.cat((obs[:, pictures.shape[1] :], pictures), 1)


def repeated(pictures: Tensor, stack: int) -> Tensor:
    """What is seen at the beginning (E, K * C, H, W): one picture over and over."""
    return pictures.repeat(1, stack, 1, 1)
