"""Images as a network takes them: every channel with mean 0 and deviation 1 over the training images.

They stay in memory as they are, uint8 of any range; only the batch at hand becomes floating numbers.
"""

from typing import ClassVar

import torch
from torch import Tensor

from palestra.errors import require


class Standardisation:
    """From images (B, H, W) or (B, H, W, C), of any type, to (B, C, H, W) float32.

    Args:
        images: (N, ...) those of the training split, and no others, which alone say what is standard.
        channels_last: whether a pixel's channels lie beside each other in memory, as they do in the images.
    """

    saves: ClassVar[tuple[str, ...]] = ("mean_C", "deviation_C")

    def __init__(self, images: Tensor, channels_last: bool = True):
        expected = "images (N, H, W) or (N, H, W, C)"
        require(images.dim() in (3, 4), f"training inputs of shape {tuple(images.shape)}", expected)
        self.channels_last = channels_last
        moments = [_moments(channel) for channel in _pixels(images).unbind(-1)]
        mean, variance = torch.tensor(moments, dtype=torch.float64).T
        self.mean_C = mean.to(images.device, torch.float32)
        self.deviation_C = torch.where(variance > 0, variance.sqrt(), 1.0).to(images.device, torch.float32)

    def __call__(self, images: Tensor) -> Tensor:
        """The images standardised."""
        maps: Tensor = ((_pixels(images) - self.mean_C) / self.deviation_C).movedim(-1, 1)
        if self.channels_last:
            return maps
        # Of one channel either order is the same in memory; what a convolution goes by are the strides.
        return maps.squeeze(1).unsqueeze(1) if maps.shape[1] == 1 else maps.contiguous()


def _pixels(images: Tensor) -> Tensor:
    """(B, H, W, C)."""
    return images.unsqueeze(-1) if images.dim() == 3 else images


def _moments(channel: Tensor) -> tuple[float, float]:
    """Mean and variance of all numbers of one channel."""
    if channel.dtype != torch.uint8:
        variance, mean = torch.var_mean(channel.double(), correction=0)
        return float(mean), float(variance)
    # Of bytes by counting them: exact, and without an array of floating numbers as large as the data.
    share = torch.bincount(channel.flatten(), minlength=256).double() / channel.numel()
    value = torch.arange(256, dtype=torch.float64, device=channel.device)
    mean = (share * value).sum()
    return float(mean), float((share * (value - mean).square()).sum())
