"""What several families are made of: blocks with names, a way into large and into small images, and what comes out."""

from collections import OrderedDict
from typing import Literal

import torch
from torch import Tensor, nn

Shape = tuple[int, int, int]
"""(C, H, W) of one image."""
Stem = Literal["large", "small"]
"""How a network begins: ``large`` as in its paper, made for ImageNet's 224 pixels, which it takes in leaps; ``small``
for 28 to 32 pixels, at full resolution, as the papers do on CIFAR-10 (He et al. 2016, section 4.2)."""


def named(**blocks: nn.Module) -> nn.Sequential:
    """A network of blocks, one after another, under the names that its summary shows."""
    return nn.Sequential(OrderedDict(blocks))


def shape_after(net: nn.Module, shape: Shape) -> tuple[int, ...]:
    """What a network on the meta device makes of one image (C, H, W). RuntimeError if that is too small."""
    with torch.no_grad():
        out: Tensor = net(torch.empty(2, *shape, device="meta"))
    return tuple(out.shape[1:])


def stem_blocks(fan_in: int, channels: int, stem: Stem, *, norm: bool, bias: bool) -> list[nn.Module]:
    """The way in that ResNet, DenseNet and GoogLeNet share.

    Args:
        fan_in: channels of the image.
        channels: that come out.
        stem: 7 x 7 pixels in leaps of two, then the largest of 3 x 3, in leaps of two again: a quarter of the rows and
            columns is left. Or 3 x 3 pixels, and all of them are left.
        norm: whether batch normalisation comes before the ReLU.
        bias: whether the convolution has one.
    """
    kernel, stride = (7, 2) if stem == "large" else (3, 1)
    layers: list[nn.Module] = [nn.Conv2d(fan_in, channels, kernel, stride, kernel // 2, bias=bias)]
    layers += [nn.BatchNorm2d(channels), nn.ReLU()] if norm else [nn.ReLU()]
    return [*layers, nn.MaxPool2d(3, 2, 1)] if stem == "large" else layers


def pooled_head(channels: int, num_classes: int, dropout: nn.Module | None = None) -> nn.Sequential:
    """Global average pooling, then one linear layer: (B, C, H, W) -> (B, K)."""
    between = [] if dropout is None else [dropout]
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), *between, nn.Linear(channels, num_classes))
