"""GoogLeNet (Szegedy et al. 2015, table 1): blocks that look with windows of several sizes at once.

Without the two auxiliary classifiers of the paper, which were there for gradients that today arrive anyway.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from palestra.nets.dropout import Dropout
from palestra.nets.vision.blocks import Shape, Stem, named, pooled_head, stem_blocks


class Paths(NamedTuple):
    """Channels of an inception block's four paths, in the columns of table 1."""

    one: int
    """1 x 1."""
    three: tuple[int, int]
    """1 x 1, then 3 x 3."""
    five: tuple[int, int]
    """1 x 1, then 5 x 5."""
    pool: int
    """The largest of 3 x 3, then 1 x 1."""

    @property
    def channels(self) -> int:
        """Of all four together."""
        return self.one + self.three[1] + self.five[1] + self.pool

    def narrowed(self, width: float) -> "Paths":
        """That share of the channels of every layer, but one at least."""
        return Paths(
            _share(self.one, width),
            (_share(self.three[0], width), _share(self.three[1], width)),
            (_share(self.five[0], width), _share(self.five[1], width)),
            _share(self.pool, width),
        )


STAGES = {
    "stage3": (Paths(64, (96, 128), (16, 32), 32), Paths(128, (128, 192), (32, 96), 64)),
    "stage4": (
        Paths(192, (96, 208), (16, 48), 64),
        Paths(160, (112, 224), (24, 64), 64),
        Paths(128, (128, 256), (24, 64), 64),
        Paths(112, (144, 288), (32, 64), 64),
        Paths(256, (160, 320), (32, 128), 128),
    ),
    "stage5": (Paths(256, (160, 320), (32, 128), 128), Paths(384, (192, 384), (48, 128), 128)),
}
"""Inception 3a to 5b."""


class Inception(nn.Module):
    """Four paths side by side: (B, C, H, W) -> (B, paths.channels, H, W).

    Args:
        fan_in: C.
        paths: what comes out of each.
        widest: rows and columns of the largest window.
        norm: whether batch normalisation follows each convolution, which then has no bias.
    """

    def __init__(self, fan_in: int, paths: Paths, widest: int, norm: bool):
        super().__init__()
        (three_in, three), (five_in, five) = paths.three, paths.five
        self.one = _convolution(fan_in, paths.one, 1, norm)
        self.three = nn.Sequential(_convolution(fan_in, three_in, 1, norm), _convolution(three_in, three, 3, norm))
        self.five = nn.Sequential(_convolution(fan_in, five_in, 1, norm), _convolution(five_in, five, widest, norm))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), _convolution(fan_in, paths.pool, 1, norm))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """What each path makes of it, one behind the other."""
        return torch.cat([path(x_BCHW) for path in (self.one, self.three, self.five, self.pool)], 1)


def googlenet(
    shape: Shape,
    num_classes: int,
    *,
    stem: Stem = "large",
    widest: int = 5,
    norm: bool = False,
    width: float = 1.0,
    dropout: float = 0.4,
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K).

    Args:
        shape: of an image.
        num_classes: K.
        stem: large, 7 x 7 pixels and the largest of 3 x 3, both in leaps of two, or small, 3 x 3 at full resolution.
        widest: rows and columns of the largest window; 3 with ``norm`` is torchvision's network.
        norm: whether batch normalisation follows each convolution.
        width: share of table 1's channels that each layer has (Howard et al. 2017, section 3.3).
        dropout: before the last layer; 0 in Dive into Deep Learning.
    """
    if width <= 0:
        raise ValueError(f"width={width}; expected above 0")
    first, fan_in = _share(64, width), _share(192, width)
    blocks: dict[str, nn.Module] = {
        "stage1": nn.Sequential(*stem_blocks(shape[0], first, stem, norm=norm, bias=not norm)),
        "stage2": nn.Sequential(
            _convolution(first, first, 1, norm), _convolution(first, fan_in, 3, norm), nn.MaxPool2d(3, 2, 1)
        ),
    }
    for name, stage in STAGES.items():
        layers: list[nn.Module] = []
        for paths in (each.narrowed(width) for each in stage):
            layers.append(Inception(fan_in, paths, widest, norm))
            fan_in = paths.channels
        blocks[name] = nn.Sequential(*layers, *([] if name == "stage5" else [nn.MaxPool2d(3, 2, 1)]))
    return named(**blocks, output=pooled_head(fan_in, num_classes, Dropout(dropout)))


def _convolution(fan_in: int, channels: int, kernel: int, norm: bool) -> nn.Sequential:
    convolution = nn.Conv2d(fan_in, channels, kernel, padding=kernel // 2, bias=not norm)
    return nn.Sequential(convolution, *([nn.BatchNorm2d(channels)] if norm else []), nn.ReLU())


def _share(channels: int, width: float) -> int:
    return max(1, round(channels * width))
