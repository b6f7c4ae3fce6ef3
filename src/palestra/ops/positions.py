"""Where in a sequence something stands, as a vector (Vaswani et al. 2017, section 3.5)."""

import math

import torch
from torch import Tensor


def sinusoids(length: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """(length, width) float32: sin(t / 10000^(2i / width)) in column 2i, its cosine in column 2i + 1.

    A shift by some places is the same rotation of each such pair, whatever the place: attention can ask for "three
    before". ValueError for an odd width.
    """
    if width % 2 or width < 2:
        raise ValueError(f"width={width}; expected an even number: a sine and a cosine for each wavelength")
    time_T1 = torch.arange(length, device=device, dtype=torch.float64)[:, None]
    even_F = torch.arange(0, width, 2, device=device, dtype=torch.float64)
    angle_TF = time_T1 * torch.exp(even_F * (-math.log(10_000.0) / width))
    return torch.stack((angle_TF.sin(), angle_TF.cos()), -1).flatten(1).float()
